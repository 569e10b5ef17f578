"""Checks of values for a volume, and writing of files whole or not at all."""

from __future__ import annotations

import os
import uuid
from typing import TYPE_CHECKING

from mia_data.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from numpy.typing import NDArray

    from mia_data.volumes.dicom_volume import DicomVolume
    from mia_data.volumes.nifti_volume import NiftiVolume


def check_values(volume: NiftiVolume | DicomVolume, values: NDArray[Any]) -> None:
    """Refuse values of another shape than a volume's images.

    Raises:
        DataError: They have one.
    """
    expected = (len(volume.images), *volume.image_shape)
    if values.shape != expected:
        msg = f"expected values of the shape {expected} for {volume.id}, got {values.shape}"
        raise DataError(msg)


def write_whole(path: Path, data: bytes) -> None:
    """Write a file by one rename, so that no part of it is ever there alone.

    Raises:
        OSError: It cannot be written.
    """
    temporary = path.with_name(f".{uuid.uuid4().hex}")
    try:
        with temporary.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
