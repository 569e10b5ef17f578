"""The seven datasets of the MedIAnomaly study and your own image folders as plain arrays."""

from mia_data.dataset_folder import data_root
from mia_data.dataset_info import Counts, DatasetInfo
from mia_data.decode.arrays import image_from_array
from mia_data.decode.file_stream import Decoded, decode_files
from mia_data.download_archive import download
from mia_data.errors import DataError, MissingDataError, MissingExtraError, UnknownNameError
from mia_data.folder import count_folder, from_folder
from mia_data.imageset import ImageSet
from mia_data.list_files import find_images
from mia_data.load_dataset import count, load
from mia_data.manifest import count_manifest, from_manifest
from mia_data.phantoms import phantom
from mia_data.prepare.prepare_dataset import Prepared, prepare_dataset
from mia_data.registry import info, names
from mia_data.verify_dataset import verify
from mia_data.verify_report import Report
from mia_data.volumes.dicom_results import Producer, write_parametric_map, write_segmentation
from mia_data.volumes.dicom_volume import DicomVolume
from mia_data.volumes.find_volumes import find_volumes
from mia_data.volumes.nifti_volume import NiftiVolume
from mia_data.volumes.write_nifti import write_nifti

__all__ = [
    "Counts",
    "DataError",
    "DatasetInfo",
    "Decoded",
    "DicomVolume",
    "ImageSet",
    "MissingDataError",
    "MissingExtraError",
    "NiftiVolume",
    "Prepared",
    "Producer",
    "Report",
    "UnknownNameError",
    "count",
    "count_folder",
    "count_manifest",
    "data_root",
    "decode_files",
    "download",
    "find_images",
    "find_volumes",
    "from_folder",
    "from_manifest",
    "image_from_array",
    "info",
    "load",
    "names",
    "phantom",
    "prepare_dataset",
    "verify",
    "write_nifti",
    "write_parametric_map",
    "write_segmentation",
]
