"""The arguments that decide the pixels of a decoded image."""

from __future__ import annotations

import math
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mia_data.arguments import is_whole
from mia_data.decode.brightness import RULES
from mia_data.decode.geometry import RESAMPLES, RESIZES
from mia_data.errors import DataError, unknown_name

if TYPE_CHECKING:
    from mia_data.decode.intensity import Window

MAX_SIZE = 4096


@dataclass(frozen=True)
class Request:
    """Settings of the decoding of images.

    Attributes:
        size: Height and width.
        channels: 1 (gray) or 3 (RGB).
        resize: How an image is brought to that size: ``"squash"`` or ``"short_side"``.
        resample: Pillow's filter for it, such as ``"bilinear"``.
        brightness: How each image's brightness is scaled: ``"percentiles"``, ``"equalize"``, or
            None for not at all.
        window: The intensities that become 0 and 255 in images of more than 8 bits; None for
            the file's own.
        allow_damaged: Whether a JPEG that ends early is read, gray where pixels are missing.
        allow_empty_masks: Whether the mask of an abnormal image may mark nothing.
        resample_masks: Whether the mask of a volume may have other voxels, and is brought onto it.
    """

    size: int
    channels: int
    resize: str = "squash"
    resample: str = "bilinear"
    brightness: str | None = None
    window: Window | None = None
    allow_damaged: bool = False
    allow_empty_masks: bool = False
    resample_masks: bool = False

    @property
    def mode(self) -> str:
        """Return Pillow's name of the pixel format."""
        return "L" if self.channels == 1 else "RGB"


def make_request(
    size: int,
    channels: int,
    *,
    resize: str = "squash",
    resample: str = "bilinear",
    brightness: str | None = None,
    window: Window | None = None,
    allow_damaged: bool = False,
    allow_empty_masks: bool = False,
    resample_masks: bool = False,
) -> Request:
    """Return the request for the arguments that all loaders share.

    Raises:
        DataError: An argument is out of its range.
    """
    if not (is_whole(size) and 1 <= size <= MAX_SIZE):
        msg = f"expected size to be a whole number from 1 to {MAX_SIZE}, got {size!r}"
        raise DataError(msg)
    if not (is_whole(channels) and channels in (1, 3)):
        msg = f"expected channels to be 1 (gray) or 3 (RGB), got {channels!r}"
        raise DataError(msg)
    if resize not in RESIZES:
        raise unknown_name("resize", resize, RESIZES)
    if resample not in RESAMPLES:
        raise unknown_name("resample", resample, RESAMPLES)
    if brightness is not None and brightness not in RULES:
        raise unknown_name("brightness", brightness, RULES)
    window = None if window is None else _checked(window)
    flags: dict[str, object] = {
        "allow_damaged": allow_damaged,
        "allow_empty_masks": allow_empty_masks,
        "resample_masks": resample_masks,
    }
    for name, value in flags.items():
        if not isinstance(value, bool):
            msg = f"expected {name} to be True or False, got {value!r}"
            raise DataError(msg)
    return Request(
        int(size),
        int(channels),
        resize,
        resample,
        brightness,
        window,
        allow_damaged=allow_damaged,
        allow_empty_masks=allow_empty_masks,
        resample_masks=resample_masks,
    )


def _checked(window: Window) -> Window:
    with suppress(TypeError, ValueError):
        low, high = (float(value) for value in window)
        if -math.inf < low < high < math.inf:
            return low, high
    msg = f"expected window to be (low, high), finite numbers with low < high, got {window!r}"
    raise DataError(msg)
