"""Reading of mask files of any mode."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from mia_data.decode.pillow import deep_values, open_image
from mia_data.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray
    from PIL.ImageFile import ImageFile

_ALPHA_MODES = ("LA", "PA", "RGBA", "La", "RGBa")


def read_mask(path: Path | str) -> Image.Image:
    """Read a mask as an ``"L"`` image of 0 (normal) and 255 (abnormal).

    A gray pixel is abnormal above zero, a colored one or one of a palette where its color is not
    black. Where some pixels are transparent and all others are of one kind, black or not, the
    others are abnormal.

    Raises:
        DataError: As ``open_image``, or what is marked cannot be told: a JPEG, whose compression
            makes edges of many values; NaN; transparent pixels beside black and colored ones.
    """
    image = open_image(path)
    if image.format in ("JPEG", "MPO"):
        msg = (
            f"the mask {path} is a JPEG, whose compression changes values near edges; expected a "
            "mask in a format that keeps them, such as PNG"
        )
        raise DataError(msg)
    color, alpha = _color_and_alpha(image, path)
    if np.isnan(color).any():
        msg = f"the mask {path} holds NaN, expected numbers"
        raise DataError(msg)
    marked = np.asarray(color > 0) if color.ndim == 2 else np.any(color > 0, axis=2)
    if alpha is not None:
        marked = _with_transparency(marked, alpha > 0, path)
    return Image.fromarray(marked * np.uint8(255))


def _color_and_alpha(
    image: ImageFile, path: Path | str
) -> tuple[NDArray[Any], NDArray[Any] | None]:
    """Return gray (H, W) or color (H, W, 3), and alpha (H, W) where the file has it."""
    values = deep_values(image, path)
    if values is not None:
        if values.ndim == 2 or values.shape[2] == 3:
            return values, None
        return values[..., :-1], values[..., -1]
    if image.mode in _ALPHA_MODES or "transparency" in image.info:
        plain = image.convert("LA") if image.mode == "La" else image
        values = np.asarray(plain.convert("RGBA"))
        return values[..., :3], values[..., 3]
    return np.asarray(image.convert("L" if image.mode in ("1", "L") else "RGB")), None


def _with_transparency(
    colored: NDArray[np.bool_], visible: NDArray[np.bool_], path: Path | str
) -> NDArray[np.bool_]:
    if visible.all():
        return colored
    shown = colored[visible] if visible.any() else colored
    if shown.any() and not (shown.all() and visible.any()):
        msg = (
            f"the mask {path} has transparent pixels beside black and colored ones, expected "
            "black and colored pixels, or transparent pixels and others of one kind"
        )
        raise DataError(msg)
    return visible
