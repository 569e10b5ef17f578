"""Pastes of the study's two-stage methods, made by Pillow on one image at a time.

The functions ``random_*`` draw and paste; ``paste_*`` paste what has already been drawn.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import torchvision.transforms.v2.functional as tv
from PIL import Image, ImageDraw, ImageFilter
from skimage.exposure import equalize_adapthist
from skimage.filters import threshold_otsu
from skimage.measure import label, regionprops
from skimage.morphology import dilation, opening
from skimage.segmentation import clear_border
from torchvision.transforms import ColorJitter

if TYPE_CHECKING:
    import torch

Jitter = Callable[[Image.Image], Image.Image]
COLOR_JITTER = ColorJitter(0.1, 0.1, 0.1, 0.1)


def random_sides(width: int, height: int) -> tuple[int, int]:
    area = random.uniform(0.02, 0.15) * width * height
    aspect = math.exp(random.uniform(math.log(0.3), math.log(1 / 0.3)))
    return round(math.sqrt(area * aspect)), round(math.sqrt(area / aspect))


def random_corner(image: Image.Image, w: int, h: int) -> tuple[int, int]:
    return random.randint(0, image.width - w), random.randint(0, image.height - h)


def random_rectangle(image: Image.Image) -> Image.Image:
    w, h = random_sides(*image.size)
    x, y = random_corner(image, w, h)
    corner = random_corner(image, w, h)
    return paste_rectangle(image, (x, y, x + w, y + h), corner, COLOR_JITTER)


def random_scar(image: Image.Image) -> Image.Image:
    w, h = round(random.uniform(2, 16)), round(random.uniform(10, 25))
    x, y = random_corner(image, w, h)
    strip = turned(image, (x, y, x + w, y + h), random.uniform(-45, 45), COLOR_JITTER)
    return paste_strip(image, strip, random_corner(image, *strip.size))


def random_anatpaste(image: Image.Image, mask: np.ndarray) -> Image.Image:
    w = h = 0
    while min(w, h) // 2 < 10 * image.width / 224:
        w, h = random_sides(*image.size)
    x, y = random_corner(image, w, h)
    rows, columns = mask.nonzero()
    at = random.randrange(len(rows))
    left = min(max(int(columns[at]) - w // 2, 0), image.width - w)
    top = min(max(int(rows[at]) - h // 2, 0), image.height - h)
    shape = random.choice(("ellipse", "rectangle"))
    alpha, blur = random.randint(150, 254), random.randint(0, 14)
    return paste_soft(
        *(image, (x, y, x + w, y + h), (left, top)), COLOR_JITTER, shape, alpha, blur, mask
    )


def find_lungs(image: Image.Image) -> np.ndarray:
    even = equalize_adapthist(np.asarray(image.convert("L")))
    dark = (even <= threshold_otsu(even)) & (even > 0)
    square = np.ones((3, 3), np.uint8)
    components = label(dilation(clear_border(opening(dark.astype(np.uint8), square)), square))
    for part in regionprops(components):
        if part.area < 400:
            components[components == part.label] = 0
    return components > 0 if components.any() else np.ones(components.shape, bool)


def paste_rectangle(
    image: Image.Image, box: tuple[int, ...], corner: tuple[int, int], jitter: Jitter
) -> Image.Image:
    pasted = image.copy()
    pasted.paste(jitter(image.crop(box)), corner)
    return pasted


def turned(image: Image.Image, box: tuple[int, ...], degrees: float, jitter: Jitter) -> Image.Image:
    return jitter(image.crop(box)).convert("RGBA").rotate(degrees, expand=True)


def paste_strip(image: Image.Image, strip: Image.Image, corner: tuple[int, int]) -> Image.Image:
    pasted = image.copy()
    pasted.paste(strip.convert("RGB"), corner, mask=strip.getchannel("A"))
    return pasted


def paste_soft(
    image: Image.Image,
    box: tuple[int, ...],
    corner: tuple[int, int],
    jitter: Jitter,
    shape: str,
    alpha: int,
    blur: int,
    mask: np.ndarray,
) -> Image.Image:
    patch = jitter(image.crop(box))
    (left, top), (w, h) = corner, patch.size
    scale = min(image.size) / 224
    margin = round(10 * scale)
    drawing = Image.new("L", image.size)
    x, y, reach_x, reach_y = left + w // 2, top + h // 2, w // 2 - margin, h // 2 - margin
    inner = (x - reach_x, y - reach_y, x + reach_x, y + reach_y)
    getattr(ImageDraw.Draw(drawing), shape)(inner, fill=alpha)
    opacity = np.asarray(drawing.filter(ImageFilter.GaussianBlur(blur * scale))) * mask
    pasted = image.copy()
    pasted.paste(patch, corner, Image.fromarray(opacity).crop((left, top, left + w, top + h)))
    return pasted


def adjusted(patch: Image.Image, factors: torch.Tensor) -> Image.Image:
    brightness, contrast, saturation, hue = factors.tolist()
    patch = tv.adjust_contrast(tv.adjust_brightness(patch, brightness), contrast)
    return tv.adjust_hue(tv.adjust_saturation(patch, saturation), hue)
