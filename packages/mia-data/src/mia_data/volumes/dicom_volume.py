"""Record of a DICOM volume: the files, positions and directions of its slices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mia_data.decode.dicom_frame import frame_elements
from mia_data.decode.dicom_series import numbers_of
from mia_data.errors import DataError
from mia_data.file_types import without_suffix

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

# By how much of the distance of two slices one may lie beside its place in an even stack.
_TOLERANCE = 0.1
_DIRECTION = 0.01  # by how much directions of one volume may differ: they are rounded when stored
_TO_RIGHT_FRONT_HEAD = np.diag([-1.0, -1.0, 1.0])


@dataclass(frozen=True, eq=False)
class DicomVolume:
    """The slices of a DICOM series in one folder, or the frames of one file.

    Positions and directions are DICOM's: to the patient's left, back and head.

    Attributes:
        id: Its folder, or its first file where the folder holds several volumes; the file of
            frames. Paths inside the folder of all files.
        folder: The folder of all files.
        files: The file of each slice, in the order of their positions; one file of frames.
        frames: The number of frames in that one file; None for a file a slice.
        series_uid: The SeriesInstanceUID.
        image_shape: Height and width of a slice.
        directions: (2, 3), unit vectors along a row (to the next column) and along a column.
        positions: (N, 3), millimeters: the center of the first pixel of each slice or frame.
        spacing: Millimeters between rows and between columns; None where unknown or not one.
        thickness: Millimeters that the first slice is thick; None where its file does not say.
    """

    id: str
    folder: Path
    files: tuple[str, ...]
    frames: int | None
    series_uid: str
    image_shape: tuple[int, int]
    directions: NDArray[np.float64]
    positions: NDArray[np.float64]
    spacing: tuple[float, float] | None
    thickness: float | None

    @property
    def images(self) -> tuple[str, ...]:
        """The ids of its images in ``decode_files``, in order."""
        if self.frames is None:
            return self.files
        return tuple(f"{self.files[0]}#{number:03d}" for number in range(self.frames))

    @property
    def image_files(self) -> tuple[str, ...]:
        """The file of each image, a path inside the folder."""
        return self.files * (self.frames or 1)

    @property
    def name(self) -> str:
        """The id without its suffix, where it is a file."""
        return without_suffix(self.id) if self.id in self.files else self.id

    def affine(self) -> NDArray[np.float64]:
        """Return (4, 4), from column, row and slice to millimeters to the right, front and head.

        A single slice has the distance to the next that it is thick, or 1 mm.

        Raises:
            DataError: The spacing is not known, or slices are not evenly spaced.
        """
        rows, columns = self.check_spacing()
        affine = np.eye(4)
        affine[:3, 0] = self.directions[0] * columns
        affine[:3, 1] = self.directions[1] * rows
        affine[:3, 2] = self._step()
        affine[:3, 3] = self.positions[0]
        affine[:3] = _TO_RIGHT_FRONT_HEAD @ affine[:3]
        return affine

    def check_spacing(self) -> tuple[float, float]:
        """Return the spacing, and refuse slices where it is not known, or not one.

        Raises:
            DataError: It is not.
        """
        if self.spacing is None:
            msg = f"the DICOM volume {self.id} has no pixel spacing or several, expected one"
            raise DataError(msg)
        return self.spacing

    def check_distinct(self) -> None:
        """Refuse slices in the same place, as those of a series of points in time.

        Raises:
            DataError: There are.
        """
        along = np.sort(self.positions @ np.cross(*self.directions))
        if len(along) > 1 and np.diff(along).min() <= 0:
            msg = (
                f"the DICOM volume {self.id} has several slices in one place, expected a place of "
                "its own for each"
            )
            raise DataError(msg)

    def _step(self) -> NDArray[np.float64]:
        """Return the vector from a slice to the next."""
        count = len(self.positions)
        if count == 1:
            return np.asarray(np.cross(*self.directions) * (self.thickness or 1.0))
        self.check_distinct()
        step = (self.positions[-1] - self.positions[0]) / (count - 1)
        even = self.positions[0] + np.arange(count)[:, None] * step
        apart = np.linalg.norm(self.positions - even, axis=1).max()
        if not apart < _TOLERANCE * np.linalg.norm(step):
            msg = (
                f"the DICOM volume {self.id} has slices up to {apart:.3g} mm beside their places "
                f"in an even stack, expected less than a tenth of the {np.linalg.norm(step):.3g} "
                "mm between two"
            )
            raise DataError(msg)
        return np.asarray(step)


@dataclass(frozen=True, eq=False)
class SliceGeometry:
    """Position and size of one slice or frame; see ``DicomVolume``."""

    directions: NDArray[np.float64]
    position: NDArray[np.float64]
    spacing: tuple[float, float] | None
    thickness: float | None


def slice_geometry(dataset: Any, number: int, path: str) -> SliceGeometry | None:
    """Return the geometry of a slice or frame; None for one without a position.

    Raises:
        DataError: There are more or fewer functional groups than frames.
        Exception: What numbers that are none raise.
    """
    elements = frame_elements(dataset, number, path)
    position = numbers_of(elements.get("ImagePositionPatient"), 3)
    axes = numbers_of(elements.get("ImageOrientationPatient"), 6)
    if position is None or axes is None:
        return None
    spacing = numbers_of(elements.get("PixelSpacing"), 2)
    known = None if spacing is None or (spacing <= 0).any() else (spacing[0], spacing[1])
    thickness = float(elements.get("SliceThickness") or 0)
    return SliceGeometry(axes.reshape(2, 3), position, known, thickness if thickness > 0 else None)


def have_same_directions(slices: Sequence[SliceGeometry]) -> bool:
    """Tell whether slices or frames have the directions and the spacing of the first."""
    first = slices[0]
    return all(
        np.abs(each.directions - first.directions).max() < _DIRECTION
        and each.spacing == first.spacing
        for each in slices
    )
