"""Pixels of a DICOM file that fill the image up and mean nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def padding(dataset: Any, pixels: NDArray[Any]) -> NDArray[np.bool_] | None:
    """Return which of the stored values are padding, None where the file names none (C.7.5.1.1.2).

    Args:
        dataset: pydicom's.
        pixels: Stored values, of any shape.
    """
    if pixels.dtype.kind == "f":
        names = ("FloatPixelPaddingValue", "FloatPixelPaddingRangeLimit")
        if pixels.dtype.itemsize == 8:
            names = ("DoubleFloatPixelPaddingValue", "DoubleFloatPixelPaddingRangeLimit")
    else:
        names = ("PixelPaddingValue", "PixelPaddingRangeLimit")
    value, limit = (dataset.get(name) for name in names)
    if value is None or value == "":
        return None
    ends = [value] if limit is None or limit == "" else [value, limit]
    if pixels.dtype.kind != "f":
        ends = [_as_stored(int(end), pixels.dtype) for end in ends]
    low, high = min(ends), max(ends)
    outside = (pixels >= low) & (pixels <= high)
    # A value that is not a number is equal to nothing, itself included.
    return outside | np.isnan(pixels) if any(end != end for end in ends) else outside


def _as_stored(value: int, kind: np.dtype[Any]) -> int:
    """Return a padding value with the sign of the stored ones; some writers give it the other."""
    info = np.iinfo(kind)
    if info.min <= value <= info.max:
        return value
    span = 1 << info.bits
    return (value - int(info.min)) % span + int(info.min)
