"""Images and heatmaps as small pictures inside the page."""

from __future__ import annotations

import base64
import io
from functools import cache, lru_cache

import matplotlib as mpl
import numpy as np
from PIL import Image

OUTLINE = (0, 230, 118)
SIDE = 160  # pixels of a picture at most; the browser enlarges what is smaller
QUALITY = 90  # of 100
EFFORT = 0  # of 6; with more, files are at most 6 % smaller and no better
KEPT = 256  # encoded pictures that are kept for the next method
HEAT = 0.65  # opacity of the hottest pixel
WEIGHTS = [round(level * HEAT) for level in range(256)]


def picture(image: np.ndarray) -> str:
    """Return an image (C, H, W) as a data URI."""
    return data_uri(_fitted(rgb(image)))


def heat(values: np.ndarray, low_high: tuple[float, float]) -> str:
    """Return a map (H, W) in colors as a data URI."""
    return data_uri(colors(_fitted(levels(values, low_high))))


def overlay(image: np.ndarray, values: np.ndarray, low_high: tuple[float, float]) -> str:
    """Return an image (C, H, W) under its map (H, W) as a data URI; hot pixels cover it."""
    return data_uri(blend(_fitted(rgb(image)), _fitted(levels(values, low_high))))


def levels(values: np.ndarray, low_high: tuple[float, float]) -> np.ndarray:
    """Return a map as uint8: 0 up to ``low`` and where it is NaN, 255 from ``high`` on."""
    low, high = low_high
    level = np.clip((values - low) / (high - low if high > low else 1), 0, 1)
    return (np.nan_to_num(level) * 255).astype(np.uint8)


def blend(base: np.ndarray, level: np.ndarray) -> np.ndarray:
    """Blend the colors of levels (H, W) over uint8 (H, W, 3); level 0 shows the base alone."""
    weight = Image.fromarray(level).point(WEIGHTS)
    hot = Image.fromarray(colors(level))
    return np.asarray(Image.composite(hot, Image.fromarray(base), weight))


def colors(level: np.ndarray) -> np.ndarray:
    """Return the colors of levels uint8 (H, W), from black to yellow, as (H, W, 3)."""
    return _inferno()[level]


@cache
def _inferno() -> np.ndarray:
    """Return the 256 colors of the map, uint8 (256, 3)."""
    return np.ascontiguousarray(mpl.colormaps["inferno"](np.arange(256), bytes=True)[:, :3])


def rgb(image: np.ndarray) -> np.ndarray:
    """Return a gray or RGB image (C, H, W) as (H, W, 3)."""
    return np.broadcast_to(image.transpose(1, 2, 0), (*image.shape[1:], 3)).copy()


def _fitted(array: np.ndarray) -> np.ndarray:
    """Return an image (H, W) or (H, W, 3) whose longer side is at most ``SIDE``."""
    picture = Image.fromarray(array)
    picture.thumbnail((SIDE, SIDE), Image.Resampling.BILINEAR)
    return np.asarray(picture)


def outlined(image: np.ndarray, mask: np.ndarray | None, width: int = 1) -> np.ndarray:
    """Return an image (H, W, 3) with an edge of ``width`` pixels around the mask (h, w)."""
    if mask is None:
        return image
    size = image.shape[1::-1]
    inside = Image.fromarray((mask > 0).astype(np.uint8)).resize(size, Image.Resampling.NEAREST)
    inner = np.asarray(inside) > 0
    near = inner
    for _ in range(width):
        grown = np.pad(near, 1)
        near = near | grown[:-2, 1:-1] | grown[2:, 1:-1] | grown[1:-1, :-2] | grown[1:-1, 2:]
    image = image.copy()
    # The edge lies outside, so that the lesion itself stays visible.
    image[near & ~inner] = OUTLINE
    return image


def data_uri(image: np.ndarray) -> str:
    """Return an image (H, W, 3) as a WebP in a URI, a sixth of a PNG: many fit on a page."""
    return _encoded(image.tobytes(), image.shape[1::-1])


@lru_cache(KEPT)
def _encoded(content: bytes, size: tuple[int, int]) -> str:
    """Encode RGB pixels; the methods of a dataset show many of the same images."""
    file = io.BytesIO()
    picture = Image.frombytes("RGB", size, content)
    picture.save(file, "WEBP", quality=QUALITY, method=EFFORT)
    return "data:image/webp;base64," + base64.b64encode(file.getvalue()).decode("ascii")
