"""Reading of one image and its mask, whatever their format."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from mia_data.decode import nifti
from mia_data.decode.brightness import scale_brightness
from mia_data.decode.dicom import read_frame
from mia_data.decode.dicom_file import open_dicom
from mia_data.decode.dicom_series import VolumeWindows
from mia_data.decode.errors_name import errors_name
from mia_data.decode.geometry import resize_image, resize_mask
from mia_data.decode.mask import read_mask
from mia_data.decode.pillow import read_image
from mia_data.file_types import is_dicom, is_volume

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL import Image

    from mia_data.decode.request import Request
    from mia_data.decode.sources import Source


@dataclass(frozen=True, eq=False)
class Mask:
    """An image's mask.

    Attributes:
        pixels: uint8 (size, size) of 0 and 1.
        has_lesion: Whether a pixel is set before the mask is resized, in which a small lesion can
            vanish.
        is_empty: Whether no pixel is set in all of its file.
    """

    pixels: NDArray[np.uint8]
    has_lesion: bool
    is_empty: bool


class Reader:
    """Decodes images of one request and keeps the last volume, to read its slices in turn.

    One reader serves one thread; readers of the same files share ``windows``.
    """

    def __init__(self, request: Request, windows: VolumeWindows | None = None) -> None:
        self._request = request
        self._windows = windows or VolumeWindows()
        self._dicom = lru_cache(maxsize=1)(open_dicom)
        self._volume = lru_cache(maxsize=1)(nifti.read_volume)
        self._volume_mask = lru_cache(maxsize=1)(nifti.read_volume_mask)

    def read(self, source: Source) -> tuple[NDArray[np.uint8], Mask | None]:
        """Return an image (C, size, size) and its mask, or None where it has none.

        Raises:
            DataError: A file cannot be read, or the mask has another size than the image.
        """
        image = self.read_whole(source)
        pixels = self.resize(source, image)
        if source.mask is None:
            return pixels, None
        return pixels, self._read_mask(source.mask, source, image)

    def read_whole(self, source: Source) -> Image.Image:
        """Return an image at its own size, in the request's pixel format.

        Raises:
            DataError: The file cannot be read.
        """
        with errors_name(source.image):
            return self._read_image(source)

    def resize(self, source: Source, image: Image.Image) -> NDArray[np.uint8]:
        """Return an image of ``source`` resized and scaled as requested, uint8 (C, size, size).

        Raises:
            DataError: Its shape makes it too large.
        """
        request = self._request
        with errors_name(source.image):
            pixels = as_array(resize_image(image, request.size, request.resize, request.resample))
        if request.brightness is None:
            return pixels
        return scale_brightness(pixels, request.brightness)

    def _read_image(self, source: Source) -> Image.Image:
        request, path = self._request, source.image
        if is_volume(path):
            volume = self._volume(path, request.window)
            return nifti.read_slice(volume, source.number or 0, request.mode)
        if is_dicom(path):
            return read_frame(
                self._dicom(path),
                source.number or 0,
                request.mode,
                request.window,
                self._windows.window,
                allow_damaged=request.allow_damaged,
            )
        return read_image(path, request.mode, request.window, allow_damaged=request.allow_damaged)

    def _read_mask(self, path: str, source: Source, image: Image.Image) -> Mask:
        request = self._request
        with errors_name(path):
            if source.number is None:
                mask = read_mask(path)
                is_empty = mask.getbbox() is None
            else:
                volume = self._volume_mask(path, source.image, resample_mask=request.resample_masks)
                is_empty = volume.is_empty
                mask = nifti.read_slice(volume.slices, source.number, "L")
            if mask.size != image.size:
                msg = f"it is {_size(mask)}, expected {_size(image)}, the size of {source.image}"
                raise ValueError(msg)
            small = np.asarray(resize_mask(mask, request.size, request.resize)) // 255
        return Mask(small, has_lesion=mask.getbbox() is not None, is_empty=is_empty)


def as_array(image: Image.Image) -> NDArray[np.uint8]:
    """Return a gray or RGB image as an array (C, H, W)."""
    # Twice as fast as numpy.asarray, and this is done with all other threads waiting.
    pixels = np.frombuffer(image.tobytes(), np.uint8)
    return pixels.reshape(image.height, image.width, -1).transpose(2, 0, 1)


def _size(image: Image.Image) -> str:
    return "{} x {}".format(*image.size)
