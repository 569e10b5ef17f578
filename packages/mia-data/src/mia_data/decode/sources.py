"""The images in a file: one, the slices of a volume, or the frames of a DICOM file."""

from __future__ import annotations

from dataclasses import dataclass

from mia_data.decode.dicom_file import frame_count
from mia_data.decode.errors_name import errors_name
from mia_data.decode.nifti import slice_numbers
from mia_data.errors import DataError
from mia_data.file_types import is_dicom, is_volume


@dataclass(frozen=True)
class Source:
    """The file of an image and of its mask.

    Attributes:
        image: The image's file.
        mask: The mask's file, or None.
        number: The number of the slice in a volume, or of the frame in a DICOM file of several;
            None for a file of one image.
    """

    image: str
    mask: str | None
    number: int | None


def find_sources(image: str, mask: str | None = None) -> list[Source]:
    """Return the images in a file; of volumes and DICOM files only the headers are read.

    Raises:
        DataError: A header cannot be read, or the mask is not of the image's kind.
    """
    if mask is not None and is_volume(mask) != is_volume(image):
        msg = f"the mask {mask} of {image}: expected both or none to be a volume"
        raise DataError(msg)
    with errors_name(image):
        numbers = image_numbers(image)
    if numbers is None:
        return [Source(image, mask, None)]
    if mask is not None and not is_volume(mask):
        msg = f"the mask {mask} of {image}: expected none for a DICOM file of {len(numbers)} frames"
        raise DataError(msg)
    return [Source(image, mask, number) for number in numbers]


def image_numbers(path: str) -> range | None:
    """Return the numbers of the slices or frames in a file; None for a file of one image."""
    if is_volume(path):
        return slice_numbers(path)
    if is_dicom(path):
        frames = frame_count(path)
        return range(frames) if frames > 1 else None
    return None
