"""Images, heatmaps and mask outlines as small PNGs inside the page."""

from __future__ import annotations

import base64
import io

import matplotlib as mpl
import numpy as np
from PIL import Image

OUTLINE = (0, 230, 118)
SIDE = 128  # pixels of a thumbnail
HEAT = 0.65  # opacity of the hottest pixel


def picture(image: np.ndarray, mask: np.ndarray | None = None) -> str:
    """An image (C, H, W), its mask (H, W) outlined, as a data URI."""
    return _png(_outlined(_enlarge(_rgb(image)), mask))


def overlay(
    image: np.ndarray,
    heat: np.ndarray,
    low_high: tuple[float, float],
    mask: np.ndarray | None = None,
) -> str:
    """An image (C, H, W) under its map (H, W) as a data URI; the hotter, the less of it shows."""
    low, high = low_high
    level = np.clip((heat - low) / (high - low if high > low else 1), 0, 1)
    colours = (mpl.colormaps["inferno"](level)[..., :3] * 255).astype(np.uint8)
    base = _enlarge(_rgb(image)).astype(np.float32)
    weight = _enlarge((level * 255).astype(np.uint8))[..., None] / 255 * HEAT
    mixed = base * (1 - weight) + _enlarge(colours) * weight
    return _png(_outlined(mixed.astype(np.uint8), mask))


def _rgb(image: np.ndarray) -> np.ndarray:
    return np.broadcast_to(image.transpose(1, 2, 0), (*image.shape[1:], 3)).copy()


def _enlarge(array: np.ndarray) -> np.ndarray:
    return np.asarray(Image.fromarray(array).resize((SIDE, SIDE), Image.Resampling.BILINEAR))


def _outlined(image: np.ndarray, mask: np.ndarray | None) -> np.ndarray:
    if mask is None:
        return image
    size = image.shape[1::-1]
    inside = Image.fromarray((mask > 0).astype(np.uint8)).resize(size, Image.Resampling.NEAREST)
    inner = np.pad(np.asarray(inside) > 0, 1)
    # The edge lies outside, so that the lesion itself stays visible.
    near = inner[:-2, 1:-1] | inner[2:, 1:-1] | inner[1:-1, :-2] | inner[1:-1, 2:]
    image = image.copy()
    image[near & ~inner[1:-1, 1:-1]] = OUTLINE
    return image


def _png(image: np.ndarray) -> str:
    file = io.BytesIO()
    Image.fromarray(image).save(file, "PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode("ascii")
