"""Images and masks to the requested size."""

from __future__ import annotations

from PIL import Image

from mia_data.decode.pillow import MAX_PIXELS

RESIZES = ("squash", "short_side")


def resize_image(image: Image.Image, size: int, resize: str) -> Image.Image:
    """Bring an image to ``size`` x ``size``, bilinear with Pillow's anti-aliasing."""
    return _resize(image, size, resize, Image.Resampling.BILINEAR)


def resize_mask(mask: Image.Image, size: int, resize: str) -> Image.Image:
    """Bring a mask to ``size`` x ``size`` with nearest neighbours, so that no new value appears."""
    return _resize(mask, size, resize, Image.Resampling.NEAREST)


def _resize(image: Image.Image, size: int, resize: str, resample: Image.Resampling) -> Image.Image:
    if resize == "squash":
        return image.resize((size, size), resample)
    width, height = image.size
    short = min(width, height)
    # Rounding of both steps as in torchvision's Resize and CenterCrop, which the study used.
    width, height = int(size * width / short), int(size * height / short)
    if width * height > MAX_PIXELS:
        msg = f"it is too narrow: its short side at {size} makes {width} x {height} pixels"
        raise ValueError(msg)
    left, top = round((width - size) / 2), round((height - size) / 2)
    return image.resize((width, height), resample).crop((left, top, left + size, top + size))
