"""Resizing of images and masks."""

from __future__ import annotations

from PIL import Image

from mia_data.limits import max_pixels

RESIZES = ("squash", "short_side")
# Pillow's filters by their names in lower case.
RESAMPLES = ("nearest", "box", "bilinear", "hamming", "bicubic", "lanczos")


def resize_image(image: Image.Image, size: int, resize: str, resample: str) -> Image.Image:
    """Resize an image to ``size`` x ``size`` with one of Pillow's filters, anti-aliased.

    Raises:
        ValueError: The image is so narrow that ``"short_side"`` makes it too large.
    """
    return _resize(image, size, resize, Image.Resampling[resample.upper()])


def resize_mask(mask: Image.Image, size: int, resize: str) -> Image.Image:
    """Resize a mask to ``size`` x ``size`` with nearest neighbors, which adds no new value."""
    return _resize(mask, size, resize, Image.Resampling.NEAREST)


def shown_box(width: int, height: int, size: int, resize: str) -> tuple[int, int, int, int]:
    """Return the part of an image of this size that ``resize`` keeps: left, top, right, bottom.

    In pixels of the image, rounded; at least one pixel wide and high.
    """
    if resize == "squash":
        return 0, 0, width, height
    scaled, left, top = _crop(width, height, size)
    across, down = width / scaled[0], height / scaled[1]
    box = (
        round(left * across),
        round(top * down),
        round((left + size) * across),
        round((top + size) * down),
    )
    return box[0], box[1], max(box[2], box[0] + 1), max(box[3], box[1] + 1)


def _crop(width: int, height: int, size: int) -> tuple[tuple[int, int], int, int]:
    """Return the size with the short side at ``size``, and the left and top of the center crop."""
    short = min(width, height)
    # Rounding of both steps as in torchvision's Resize and CenterCrop, which the study used.
    width, height = int(size * width / short), int(size * height / short)
    return (width, height), round((width - size) / 2), round((height - size) / 2)


def _resize(image: Image.Image, size: int, resize: str, resample: Image.Resampling) -> Image.Image:
    if resize == "squash":
        return image.resize((size, size), resample)
    (width, height), left, top = _crop(*image.size, size)
    if width * height > max_pixels():
        msg = f"it is too narrow: its short side at {size} makes {width} x {height} pixels"
        raise ValueError(msg)
    return image.resize((width, height), resample).crop((left, top, left + size, top + size))
