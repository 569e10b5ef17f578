"""Images that a program holds in memory, made what files of the same pixels become."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from mia_data.decode.brightness import scale_brightness
from mia_data.decode.geometry import resize_image
from mia_data.decode.intensity import to_uint8
from mia_data.decode.reader import as_array
from mia_data.decode.request import make_request
from mia_data.errors import DataError
from mia_data.limits import max_pixels

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from mia_data.decode.intensity import Window


def image_from_array(
    pixels: ArrayLike,
    *,
    size: int = 64,
    channels: int = 1,
    resize: str = "squash",
    resample: str = "bilinear",
    brightness: str | None = None,
    window: Window | None = None,
) -> NDArray[np.uint8]:
    """Return pixels in memory as ``from_folder`` reads a file of them.

    Args:
        pixels: Gray (H, W) or RGB (H, W, 3), of integers or floats. Other types than uint8 are
            scaled to 8 bits as deep files are.
        size: As in ``load``.
        channels: 1 (gray) or 3 (RGB).
        resize: As in ``load``.
        resample: As in ``load``.
        brightness: As in ``load``.
        window: As in ``from_folder``.

    Returns:
        uint8 (channels, size, size).

    Raises:
        DataError: An argument is out of its range, or the pixels are of another shape or kind, too
            many, or not finite.
    """
    request = make_request(
        size, channels, resize=resize, resample=resample, brightness=brightness, window=window
    )
    try:
        values = _checked(np.asarray(pixels))
        gray = values if values.dtype == np.uint8 else to_uint8(values, request.window)
        image = Image.fromarray(np.ascontiguousarray(gray)).convert(request.mode)
        small = as_array(resize_image(image, request.size, request.resize, request.resample))
    except DataError:
        raise
    except ValueError as error:
        msg = f"cannot use an array of the shape {np.shape(pixels)} as an image: {error}"
        raise DataError(msg) from error
    return small if brightness is None else scale_brightness(small, brightness)


def _checked(values: NDArray[Any]) -> NDArray[Any]:
    is_gray, is_color = values.ndim == 2, values.ndim == 3 and values.shape[2] == 3
    if not (is_gray or is_color) or values.dtype.kind not in "iuf" or values.size == 0:
        msg = "expected an image to be numbers of the shape (H, W) or (H, W, 3), "
        msg += f"got {values.dtype} {values.shape}"
        raise DataError(msg)
    if values.shape[0] * values.shape[1] > max_pixels():
        msg = f"an image is {values.shape[1]} x {values.shape[0]}, "
        msg += f"expected at most {max_pixels()} pixels (MIA_MAX_PIXELS)"
        raise DataError(msg)
    return values
