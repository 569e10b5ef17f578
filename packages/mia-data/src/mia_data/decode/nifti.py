"""Reading of NIfTI volumes as 8-bit slices, and of their masks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from mia_data.decode.intensity import Window, to_uint8
from mia_data.decode.nifti_file import read_header, read_values
from mia_data.decode.nifti_geometry import (
    Geometry,
    canonical_geometry,
    check_same,
    orientation,
    resample,
)
from mia_data.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

# The axial slices in the middle half of a volume: those at its ends show little of the organ.
MIDDLE = (0.25, 0.75)


@dataclass(frozen=True, eq=False)
class VolumeMask:
    """A segmentation on the voxels of its image.

    Attributes:
        slices: uint8 (N, H, W) of 0 and 255.
        is_empty: Whether all of it is 0.
    """

    slices: NDArray[np.uint8]
    is_empty: bool


def slice_numbers(path: Path | str) -> range:
    """Return the numbers of the axial slices to take from a volume, reading only its header."""
    depth = canonical_geometry(path, read_header(path)).shape[2]
    first = int(depth * MIDDLE[0])
    return range(first, max(int(np.ceil(depth * MIDDLE[1])), first + 1))


def read_volume(path: Path | str, window: Window | None) -> NDArray[np.uint8]:
    """Read a volume as uint8 slices (N, H, W) in radiological orientation.

    Axial slices from the feet up; the top row is anterior, the left column is the patient's right.
    The whole volume has one gray scale.
    """
    return to_uint8(read_values_by_slice(path), window)


def read_values_by_slice(path: Path | str) -> NDArray[np.float32]:
    """Read a volume's values as slices (N, H, W) with the orientation of ``read_volume``."""
    return _as_slices(_canonical_values(path)[1])


def read_volume_mask(
    path: Path | str, image: Path | str, *, resample_mask: bool = False
) -> VolumeMask:
    """Read a segmentation, which is abnormal above zero.

    Args:
        path: The segmentation.
        image: The volume that it belongs to.
        resample_mask: Whether to bring a segmentation with other voxels onto the volume, each
            voxel from the nearest one.

    Raises:
        DataError: The two do not have the same voxels in the same places, or none that is marked
            lies in the volume.
        ValueError: The segmentation holds NaN.
    """
    target = canonical_geometry(image, read_header(image))
    if not resample_mask:
        # Before the data are read, which may not be as many as they should.
        check_same(path, canonical_geometry(path, read_header(path)), image, target)
    geometry, values = _canonical_values(path)
    if np.isnan(values).any():
        msg = "it holds NaN"
        raise ValueError(msg)
    marked = values > 0
    is_empty = not marked.any()
    if not geometry.is_same(target):
        marked = resample(marked, geometry, target)
        if not is_empty and not marked.any():
            msg = (
                f"the mask {path} marks no voxel of {image}: it has {geometry}, the image {target} "
                "(axes to the right, front and head), expected marked voxels in the image"
            )
            raise DataError(msg)
    return VolumeMask(_as_slices(marked.astype(np.uint8) * np.uint8(255)), is_empty)


def read_slice(volume: NDArray[np.uint8], number: int, mode: str) -> Image.Image:
    """Return one slice as an image of ``mode``, ``"L"`` or ``"RGB"``."""
    image = Image.fromarray(np.ascontiguousarray(volume[number]))
    return image if image.mode == mode else image.convert(mode)


def _canonical_values(path: Path | str) -> tuple[Geometry, NDArray[np.float32]]:
    """Read a volume with its axes turned to the patient's right, front and head."""
    header, values = read_values(path)
    turn = orientation(path, header)
    from nibabel.orientations import apply_orientation

    return canonical_geometry(path, header), apply_orientation(values, turn)


def _as_slices(right_front_head: NDArray[Any]) -> NDArray[Any]:
    return right_front_head.transpose(2, 1, 0)[:, ::-1, ::-1]
