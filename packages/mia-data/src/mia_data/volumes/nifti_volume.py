"""Record of a NIfTI volume: where the images that are read from it lie in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mia_data.decode.nifti import slice_numbers
from mia_data.decode.nifti_file import read_header
from mia_data.decode.nifti_geometry import canonical_geometry, orientation
from mia_data.file_types import without_suffix

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

_CANONICAL = np.array([[0, 1], [1, 1], [2, 1]])


@dataclass(frozen=True, eq=False)
class NiftiVolume:
    """A NIfTI volume, of which axial slices are read as images.

    Attributes:
        id: The file's path inside the folder.
        path: The file.
        numbers: The numbers of the slices that are read, from the feet up.
        shape: The numbers of voxels along the file's axes.
        affine: (4, 4), from a voxel's indices in the file to millimeters to the right, front and
            head.
        depth: The number of all axial slices.
        image_shape: Height and width of a slice as it is read.
        orientation: nibabel's description of which axis of the file points where.
    """

    id: str
    path: Path
    numbers: range
    shape: tuple[int, ...]
    affine: NDArray[np.float64]
    depth: int
    image_shape: tuple[int, int]
    orientation: NDArray[np.float64]

    @property
    def images(self) -> tuple[str, ...]:
        """The ids of its images in ``decode_files``, in order."""
        return tuple(f"{self.id}#{number:03d}" for number in self.numbers)

    @property
    def image_files(self) -> tuple[str, ...]:
        """The file of each image, a path inside the folder."""
        return (self.id,) * len(self.numbers)

    @property
    def name(self) -> str:
        """The id without its suffix."""
        return without_suffix(self.id)

    def to_stored(self, values: NDArray[Any], fill: float = np.nan) -> NDArray[Any]:
        """Return values of the slices with the axes of the file.

        Args:
            values: (N, H, W), one slice for each of ``numbers``, as they are read: anterior at the
                top, the patient's right on the left.
            fill: The value of voxels in slices that are not read.

        Returns:
            Of the file's shape and the type of ``values``.
        """
        from nibabel.orientations import apply_orientation, ornt_transform

        whole = np.full((self.depth, *self.image_shape), fill, values.dtype)
        whole[self.numbers.start : self.numbers.stop] = values
        right_front_head = whole[:, ::-1, ::-1].transpose(2, 1, 0)
        turned = apply_orientation(right_front_head, ornt_transform(_CANONICAL, self.orientation))
        return np.asarray(turned).reshape(self.shape)


def read_nifti_volume(folder: Path, file: str) -> NiftiVolume:
    """Read the geometry of a NIfTI volume from its header.

    Raises:
        MissingExtraError: nibabel is not installed.
        DataError: It is not a volume that can be read.
    """
    path = folder / file
    header = read_header(path)
    width, height, depth = canonical_geometry(path, header).shape
    return NiftiVolume(
        id=file,
        path=path,
        numbers=slice_numbers(path),
        shape=tuple(int(n) for n in header.nibabel.get_data_shape()),
        affine=header.affine,
        depth=depth,
        image_shape=(height, width),
        orientation=orientation(path, header),
    )
