"""Images, heatmaps and mask outlines as small pictures inside the page."""

from __future__ import annotations

import base64
import io

import matplotlib as mpl
import numpy as np
from PIL import Image

OUTLINE = (0, 230, 118)
SIDE = 128  # pixels of a thumbnail
QUALITY = 90  # of 100; outlines stay sharp
EFFORT = 2  # of 6; with more, files are hardly smaller and take four times as long
HEAT = 0.65  # opacity of the hottest pixel


def picture(image: np.ndarray, mask: np.ndarray | None = None) -> str:
    """Return an image (C, H, W), its mask (H, W) outlined, as a data URI."""
    return data_uri(outlined(_enlarge(rgb(image)), mask))


def overlay(
    image: np.ndarray,
    heat: np.ndarray,
    low_high: tuple[float, float],
    mask: np.ndarray | None = None,
) -> str:
    """Return an image (C, H, W) under its map (H, W) as a data URI; hot pixels cover it."""
    mixed = blend(_enlarge(rgb(image)), _enlarge(levels(heat, low_high)))
    return data_uri(outlined(mixed, mask))


def levels(heat: np.ndarray, low_high: tuple[float, float]) -> np.ndarray:
    """Return a map as uint8: 0 up to ``low`` and where it is NaN, 255 from ``high`` on."""
    low, high = low_high
    level = np.clip((heat - low) / (high - low if high > low else 1), 0, 1)
    return (np.nan_to_num(level) * 255).astype(np.uint8)


def blend(base: np.ndarray, level: np.ndarray) -> np.ndarray:
    """Blend the colors of levels (H, W) over uint8 (H, W, 3); level 0 shows the base alone."""
    colors = mpl.colormaps["inferno"](np.arange(256), bytes=True)[:, :3][level]
    weight = Image.fromarray(level).point([round(value * HEAT) for value in range(256)])
    return np.asarray(Image.composite(Image.fromarray(colors), Image.fromarray(base), weight))


def rgb(image: np.ndarray) -> np.ndarray:
    """Return a gray or RGB image (C, H, W) as (H, W, 3)."""
    return np.broadcast_to(image.transpose(1, 2, 0), (*image.shape[1:], 3)).copy()


def _enlarge(array: np.ndarray) -> np.ndarray:
    return np.asarray(Image.fromarray(array).resize((SIDE, SIDE), Image.Resampling.BILINEAR))


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
    file = io.BytesIO()
    Image.fromarray(image).save(file, "WEBP", quality=QUALITY, method=EFFORT)
    return "data:image/webp;base64," + base64.b64encode(file.getvalue()).decode("ascii")
