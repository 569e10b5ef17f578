"""Reading of NIfTI volumes, with the extra ``nifti`` (nibabel)."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
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
# By how much of a voxel a mask may lie beside its image: affines are rounded when they are stored.
_TOLERANCE = 0.1


def slice_numbers(path: Path | str) -> range:
    """Return the numbers of the axial slices to take from a volume, reading only its header."""
    depth = _geometry(path).shape[2]
    first = int(depth * MIDDLE[0])
    return range(first, max(int(np.ceil(depth * MIDDLE[1])), first + 1))


def read_volume(path: Path | str, window: Window | None) -> NDArray[np.uint8]:
    """Read a volume as uint8 slices (N, H, W) in radiological orientation.

    Axial slices from the feet up; the top row is anterior, the left column is the patient's right.
    The whole volume has one gray scale.
    """
    return to_uint8(_as_slices(path), window)


def read_volume_mask(path: Path | str, image: Path | str) -> tuple[NDArray[np.uint8], bool]:
    """Read a segmentation, which is abnormal above zero.

    Args:
        path: The segmentation.
        image: The volume that it belongs to.

    Returns:
        (N, H, W) of 0 and 255, and whether all of it is 0.

    Raises:
        DataError: The two do not have the same voxels in the same places.
        ValueError: The segmentation holds NaN.
    """
    _check_geometry(path, image)
    values = _as_slices(path)
    if np.isnan(values).any():
        msg = "it holds NaN"
        raise ValueError(msg)
    marked = values > 0
    return marked.astype(np.uint8) * np.uint8(255), not marked.any()


def _check_geometry(mask_path: Path | str, image_path: Path | str) -> None:
    """Refuse a mask whose voxels are not those of its image."""
    mask, image = _geometry(mask_path), _geometry(image_path)
    if mask.shape == image.shape and _distance(mask, image) < _TOLERANCE * _least_side(image):
        return
    msg = (
        f"the mask {mask_path} does not lie on {image_path}: it has {mask}, the image {image} "
        "(axes to the right, front and head), expected the same"
    )
    raise DataError(msg)


def _distance(mask: _Geometry, image: _Geometry) -> float:
    """Return the largest distance between the same corners of two volumes of one shape, in mm."""
    corners = np.array([(*c, 1) for c in product(*((0, n - 1) for n in image.shape))], float)
    return float(np.linalg.norm(corners @ (mask.affine - image.affine).T, axis=1).max())


def _least_side(volume: _Geometry) -> float:
    return float(np.linalg.norm(volume.affine[:3, :3], axis=0).min())


def read_slice(volume: NDArray[np.uint8], number: int, mode: str) -> Image.Image:
    """Return one slice as an image of ``mode``, ``"L"`` or ``"RGB"``."""
    image = Image.fromarray(np.ascontiguousarray(volume[number]))
    return image if image.mode == mode else image.convert(mode)


@dataclass(frozen=True, eq=False)
class _Geometry:
    """Shape and position of a volume whose axes point to the right, front and head.

    Attributes:
        shape: The numbers of voxels.
        affine: (4, 4), from a voxel's indices to millimeters.
    """

    shape: tuple[int, ...]
    affine: NDArray[np.float64]

    def __str__(self) -> str:
        rows = [" ".join(f"{v:g}" for v in row) for row in np.round(self.affine[:3], 4) + 0]
        return f"{' x '.join(map(str, self.shape))} voxels and the affine [{'; '.join(rows)}]"


def _geometry(path: Path | str) -> _Geometry:
    """Read the geometry of a volume, and only its header."""
    volume = _open(path)
    from nibabel.orientations import inv_ornt_aff, io_orientation

    turn = io_orientation(volume.affine)
    if np.isnan(turn).any():
        msg = f"{path} has an affine that is not invertible: {volume.affine.tolist()}"
        raise DataError(msg)
    shape = [volume.shape[i] for i in np.argsort(turn[:, 0])]
    return _Geometry(tuple(shape), volume.affine @ inv_ornt_aff(turn, volume.shape))


def _open(path: Path | str) -> Any:
    try:
        import nibabel
    except ImportError as error:
        msg = f"{path} is a NIfTI file, which needs nibabel: pip install 'mia-data[nifti]'"
        raise MissingExtraError(msg) from error
    volume: Any = nibabel.load(path)
    if volume.get_data_dtype().kind not in "biuf":
        msg = f"{path} holds {volume.get_data_dtype()} values, expected whole numbers or floats"
        raise DataError(msg)
    if len(volume.shape) != 3 or not 0 < np.prod(volume.shape, dtype=np.int64) <= MAX_VOXELS:
        msg = (
            f"{path} has the shape {volume.shape}, expected three dimensions with "
            f"1 to {MAX_VOXELS} voxels"
        )
        raise DataError(msg)
    return volume


def _as_slices(path: Path | str) -> NDArray[np.float32]:
    # Canonical axes point to the patient's right, front and head.
    volume = _open(path)
    from nibabel import as_closest_canonical

    right_front_head = as_closest_canonical(volume).get_fdata(dtype=np.float32)
    return right_front_head.transpose(2, 1, 0)[:, ::-1, ::-1]
