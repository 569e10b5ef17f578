"""NIfTI volumes, through the extra ``nifti`` (nibabel)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from mia_data.decode.intensity import Window, to_uint8
from mia_data.errors import DataError, MissingExtraError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

# A CT of 1024 slices of 512 x 512.
MAX_VOXELS = 1 << 28
# The axial slices in the middle half of a volume: those at its ends show little of the organ.
MIDDLE = (0.25, 0.75)


def slice_numbers(path: Path | str) -> range:
    """Return which axial slices of a volume are taken, from its header alone."""
    depth = _open(path).shape[2]
    first = int(depth * MIDDLE[0])
    return range(first, max(int(np.ceil(depth * MIDDLE[1])), first + 1))


def read_volume(path: Path | str, window: Window | None) -> NDArray[np.uint8]:
    """Read a volume as uint8 slices (N, H, W), seen as a radiologist sees them.

    Axial slices from the feet up; the top row is anterior, the left column is the patient's right.
    The whole volume has one gray scale.
    """
    return to_uint8(_as_slices(path), window)


def read_volume_mask(path: Path | str) -> NDArray[np.uint8]:
    """Read a segmentation as slices (N, H, W) of 0 and 255: above zero is abnormal."""
    return (_as_slices(path) > 0).astype(np.uint8) * np.uint8(255)


def read_slice(volume: NDArray[np.uint8], number: int, mode: str) -> Image.Image:
    """Return one slice as an image of ``mode``, ``"L"`` or ``"RGB"``."""
    image = Image.fromarray(np.ascontiguousarray(volume[number]))
    return image if image.mode == mode else image.convert(mode)


def _open(path: Path | str) -> Any:
    try:
        import nibabel
    except ImportError as error:
        msg = f"{path} is a NIfTI file, which needs nibabel: pip install 'mia-data[nifti]'"
        raise MissingExtraError(msg) from error
    volume: Any = nibabel.load(path)
    if len(volume.shape) != 3 or not 0 < np.prod(volume.shape, dtype=np.int64) <= MAX_VOXELS:
        msg = (
            f"{path} has the shape {volume.shape}, expected three dimensions with "
            f"1 to {MAX_VOXELS} voxels"
        )
        raise DataError(msg)
    return nibabel.as_closest_canonical(volume)


def _as_slices(path: Path | str) -> NDArray[np.float32]:
    # Canonical axes point to the patient's right, front and head.
    right_front_head = _open(path).get_fdata(dtype=np.float32)
    return right_front_head.transpose(2, 1, 0)[:, ::-1, ::-1]
