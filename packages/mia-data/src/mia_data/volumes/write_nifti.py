"""Writing of values of a volume's slices as a NIfTI file of the same geometry."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mia_data.decode.nifti_file import read_header
from mia_data.errors import DataError, MissingExtraError
from mia_data.volumes.nifti_volume import NiftiVolume
from mia_data.volumes.whole_file import check_values, write_whole

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mia_data.volumes.dicom_volume import DicomVolume

# What says where the voxels of a file lie. Texts are not among it: they may name a patient.
_PLACE = (
    *("pixdim", "xyzt_units", "qform_code", "sform_code", "quatern_b", "quatern_c", "quatern_d"),
    *("qoffset_x", "qoffset_y", "qoffset_z", "srow_x", "srow_y", "srow_z"),
)


def write_nifti(
    volume: NiftiVolume | DicomVolume, values: NDArray[np.float32], path: Path | str
) -> None:
    """Write values of a volume's images as a float32 NIfTI file that lies on the volume.

    A NIfTI volume gives a file of its shape, axes and affine. A DICOM volume gives the axes column,
    row and slice, and an affine to millimeters to the right, front and head. Nothing else of the
    source is in the file, such as texts of its header.

    Args:
        volume: The volume.
        values: (N, H, W), for each of ``volume.images`` in order, at their own size; NaN where
            nothing is known. Slices of a NIfTI volume that are not read become NaN.
        path: The file, ``.nii`` or ``.nii.gz``, in a folder that exists.

    Raises:
        MissingExtraError: nibabel is not installed.
        DataError: ``values`` has another shape, or slices of a DICOM volume are not evenly spaced.
    """
    try:
        from nibabel import Nifti1Image, Nifti2Header, Nifti2Image
    except ImportError as error:
        msg = f"writing {path} needs nibabel: pip install 'mia-data[nifti]'"
        raise MissingExtraError(msg) from error
    check_values(volume, values)
    file = Path(path)
    if not file.name.endswith((".nii", ".nii.gz")):
        msg = f"expected a file that ends in .nii or .nii.gz, got {path}"
        raise DataError(msg)
    kind: Any = Nifti1Image
    if isinstance(volume, NiftiVolume):
        source = read_header(volume.path).nibabel
        kind = Nifti2Image if isinstance(source, Nifti2Header) else Nifti1Image
        image = kind(volume.to_stored(values.astype(np.float32)), volume.affine)
        for field in _PLACE:
            image.header[field] = source[field]
    else:
        stored = np.ascontiguousarray(values.astype(np.float32).transpose(2, 1, 0))
        image = kind(stored, volume.affine())
        image.header.set_xyzt_units("mm")
        image.set_qform(None)
        image.set_sform(volume.affine(), code="scanner")
    data = image.to_bytes()
    write_whole(file, gzip.compress(data, mtime=0) if file.name.endswith(".gz") else data)
