"""Shape and position of NIfTI volumes, and masks brought onto their images."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from mia_data.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from mia_data.decode.nifti_file import Header

# By how much of a voxel a mask may lie beside its image: affines are rounded when they are stored.
_TOLERANCE = 0.1


@dataclass(frozen=True, eq=False)
class Geometry:
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

    def is_same(self, other: Geometry) -> bool:
        """Tell whether the voxels of two volumes are the same, to a tenth of a voxel."""
        if self.shape != other.shape:
            return False
        corners = np.array([(*c, 1) for c in product(*((0, n - 1) for n in self.shape))], float)
        apart = np.linalg.norm(corners @ (self.affine - other.affine).T, axis=1).max()
        return bool(apart < _TOLERANCE * np.linalg.norm(other.affine[:3, :3], axis=0).min())


def canonical_geometry(path: Path | str, header: Header) -> Geometry:
    """Return the geometry of a volume with its axes turned to the right, front and head.

    Raises:
        DataError: The affine cannot be inverted.
    """
    from nibabel.orientations import inv_ornt_aff

    turn = orientation(path, header)
    shape = [header.shape[i] for i in np.argsort(turn[:, 0])]
    return Geometry(tuple(shape), header.affine @ inv_ornt_aff(turn, header.shape))


def orientation(path: Path | str, header: Header) -> NDArray[np.float64]:
    """Return nibabel's description of which stored axis points where, and in which direction.

    Raises:
        DataError: The affine cannot be inverted.
    """
    from nibabel.orientations import io_orientation

    turn: NDArray[np.float64] | None = None
    if np.isfinite(header.affine).all():
        turn = io_orientation(header.affine)
    if turn is None or np.isnan(turn).any():
        msg = f"{path} has an affine that is not invertible: {header.affine.tolist()}"
        raise DataError(msg)
    return turn


def check_same(
    mask_path: Path | str, mask: Geometry, image_path: Path | str, image: Geometry
) -> None:
    """Refuse a mask whose voxels are not those of its image.

    Raises:
        DataError: They are not; the message has both affines.
    """
    if not mask.is_same(image):
        msg = (
            f"the mask {mask_path} does not lie on {image_path}: it has {mask}, the image {image} "
            "(axes to the right, front and head), expected the same (resample_masks brings it "
            "onto the image)"
        )
        raise DataError(msg)


def resample(values: NDArray[Any], source: Geometry, target: Geometry) -> NDArray[Any]:
    """Return the value of the voxel of a volume that is nearest to each voxel of another.

    Args:
        values: The volume, with the axes of its geometry.
        source: Its geometry.
        target: The geometry of the result.

    Returns:
        Of the target's shape; 0 outside the volume.
    """
    to_source = np.linalg.inv(source.affine) @ target.affine
    result = np.zeros(target.shape, values.dtype)
    plane = np.stack(
        [*np.meshgrid(*map(np.arange, target.shape[:2]), indexing="ij")], axis=-1
    ).astype(float)
    # A slice at a time: places of all voxels would take many times the volume.
    for number in range(target.shape[2]):
        places = plane @ to_source[:3, :2].T + (to_source[:3, 2] * number + to_source[:3, 3])
        nearest = np.rint(places).astype(np.int64)
        inside = np.all((nearest >= 0) & (nearest < source.shape), axis=-1)
        result[..., number][inside] = values[tuple(nearest[inside].T)]
    return result
