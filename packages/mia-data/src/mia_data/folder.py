"""Loading of a folder of your own images."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from mia_data.arguments import SPLITS, check_split
from mia_data.dataset_info import Counts, count_labels
from mia_data.decode.request import make_request
from mia_data.errors import DataError
from mia_data.file_list import NORMAL, UNKNOWN, FileList, by_class
from mia_data.file_types import is_image
from mia_data.files import exists, expand_home, is_folder
from mia_data.list_files import find_by_path, list_folders, list_images
from mia_data.load_files import load_files
from mia_data.mask_pairs import pair_masks
from mia_data.patients import check_patients_apart, patient_pattern, with_path_patients

if TYPE_CHECKING:
    from pathlib import Path

    from mia_data.decode.intensity import Window
    from mia_data.imageset import ImageSet

# The names of the folder of normal images: ours, and that of MVTec AD.
_NORMAL_NAMES = ("normal", "good")


def from_folder(
    folder: str | Path,
    split: str = "train",
    *,
    recursive: bool = False,
    size: int = 64,
    channels: int = 1,
    resize: str = "squash",
    resample: str = "bilinear",
    brightness: str | None = None,
    window: Window | None = None,
    allow_damaged: bool = False,
    allow_empty_masks: bool = False,
    resample_masks: bool = False,
    allow_shared_files: bool = False,
    patients: str | None = None,
    allow_shared_patients: bool = False,
    cache_dir: str | Path | None = None,
) -> ImageSet:
    """Load a folder of images in one of three layouts, recognized by its subfolders.

    - images only: for ``"train"`` all are normal (label 0), for ``"test"`` unknown (label -1); they
      lie in the folder itself, or with ``recursive`` in any folder below it too;
    - ``train/normal``, ``test/normal`` and ``test/<anything>`` (abnormal), masks optional in
      ``masks/<anything>``;
    - MVTec AD: ``train/good``, ``test/good``, ``test/<defect>``, ``ground_truth/<defect>``.

    The mask of ``<name>.*`` is ``<name>_mask.*`` or ``<name>.*``. Where there is a folder of masks,
    every abnormal image needs one. PNG, JPEG, TIFF and BMP are read; DICOM and NIfTI with the
    extras ``dicom`` and ``nifti``. A NIfTI volume gives the axial slices of its middle half.

    Args:
        folder: The folder.
        split: ``"train"`` or ``"test"``.
        recursive: Of a folder of images only, take those of all folders below it too, such as one
            for each DICOM series.
        size: As in ``load``.
        channels: 1 (gray) or 3 (RGB).
        resize: As in ``load``.
        resample: As in ``load``.
        brightness: As in ``load``.
        window: (low, high), the intensities that become 0 and 255, for images of more than 8 bits;
            by default the file's own window (DICOM), else its 0.5 and 99.5 percentiles.
        allow_damaged: As in ``load``.
        allow_empty_masks: Read abnormal images whose mask marks nothing; they keep their label.
        resample_masks: Bring a NIfTI mask that has other voxels than its volume onto these, each
            from the nearest one; by default it is refused.
        allow_shared_files: Read images that are in the training and in the test split.
        patients: A regular expression that finds the patient in each image's path inside the
            folder: its group ``patient``, or its first group, or all of it. The set then knows its
            ``patients``, and a patient in both splits is refused.
        allow_shared_patients: Read patients and DICOM series that are in both splits.
        cache_dir: As in ``load``.

    Raises:
        DataError: The folder has none of these layouts, a class is empty, a file cannot be read, a
            mask is missing, has no image or has another size.
    """
    check_split(split)
    request = make_request(
        size,
        channels,
        resize=resize,
        resample=resample,
        brightness=brightness,
        window=window,
        allow_damaged=allow_damaged,
        allow_empty_masks=allow_empty_masks,
        resample_masks=resample_masks,
    )
    path = expand_home(folder)
    listing = list_folder(path, split, recursive=recursive)
    other = _other_split(path, split)
    if patients is not None:
        pattern = patient_pattern(patients)
        listing = with_path_patients(listing, pattern)
        other = other and with_path_patients(other, pattern)
    if other is not None and not allow_shared_patients:
        check_patients_apart(listing, other)
    return load_files(
        path.absolute().name,
        split,
        listing,
        request,
        cache_dir,
        apart_from=None if allow_shared_files else other,
        series_apart_from=None if allow_shared_patients else other,
    )


def count_folder(folder: str | Path) -> Counts:
    """Count the files in a folder of your own images without opening them.

    A volume counts once. Test images without labels count neither as normal nor as abnormal.

    Args:
        folder: The folder, in one of the layouts of ``from_folder``.

    Raises:
        DataError: The folder has none of these layouts, or a class is empty.
    """
    path = expand_home(folder)
    return count_labels(*(list_folder(path, split).labels for split in SPLITS))


def list_folder(folder: Path, split: str, *, recursive: bool = False) -> FileList:
    """List a split of a folder in any of the three layouts.

    Args:
        folder: The folder.
        split: ``"train"`` or ``"test"``.
        recursive: Of a folder of images only, take those of all folders below it too.

    Raises:
        DataError: The folder does not exist or has another layout.
    """
    if not is_folder(folder):
        what = "is not a folder" if exists(folder) else "does not exist"
        msg = f"the folder {folder} {what}"
        raise DataError(msg)
    inner = list_folders(folder)
    if "train" in inner or "test" in inner:
        return _by_split(folder, split)
    if recursive:
        files = find_by_path(folder)
    else:
        _check_no_folders_alone(folder, inner)
        files = list_images(folder, "")
        _check_no_images_below(folder, inner, len(files))
    label = NORMAL if split == "train" else UNKNOWN
    return FileList(folder, str(folder), files, [label] * len(files))


def _check_no_folders_alone(folder: Path, inner: list[str]) -> None:
    """Refuse a folder that has folders in it and no image."""
    if inner and not any(map(is_image, folder.iterdir())):
        msg = (
            f"the folder {folder} holds no image, only the folders {', '.join(inner)}; expected "
            "images, or train/normal and test/normal, or train/good and test/good "
            "(recursive takes the images of all folders below it)"
        )
        raise DataError(msg)


def _check_no_images_below(folder: Path, inner: list[str], count: int) -> None:
    """Refuse images in subfolders of a folder of images, which would be left out silently."""
    for name in inner:
        found: list[str] = []
        with suppress(DataError):  # There is no image.
            found = find_by_path(folder / name)
        # Links to folders are followed nowhere.
        if found and not (folder / name).is_symlink():
            msg = (
                f"the folder {folder} holds {count} images, and {len(found)} more in its folder "
                f"{name}; expected all images in one folder (recursive takes those of all folders "
                "below it)"
            )
            raise DataError(msg)


def _other_split(folder: Path, split: str) -> FileList | None:
    """List the other split; return None if it does not exist or has another layout."""
    other = "test" if split == "train" else "train"
    if not is_folder(folder / other):
        return None
    try:
        return _by_split(folder, other)
    except DataError:
        return None


def _by_split(folder: Path, split: str) -> FileList:
    where = folder / split
    if not where.is_dir():
        msg = f"the folder {folder} has no folder {split!r}, expected train and test"
        raise DataError(msg)
    classes = list_folders(where)
    normal = [name for name in classes if name in _NORMAL_NAMES]
    abnormal = [name for name in classes if name not in _NORMAL_NAMES]
    if len(normal) != 1:
        found = ", ".join(classes) or "no folder"
        msg = f"expected {where} to have one folder called normal or good, found {found}"
        raise DataError(msg)
    if split == "train":
        if abnormal:
            msg = (
                f"{where} holds {', '.join(abnormal)} beside {normal[0]}; expected normal images "
                "only for training"
            )
            raise DataError(msg)
        return by_class(folder, str(folder), list_images(folder, f"train/{normal[0]}"))
    if not abnormal:
        msg = f"expected {where} to have a folder of abnormal images beside {normal[0]}"
        raise DataError(msg)
    images = {name: list_images(folder, f"test/{name}") for name in abnormal}
    return by_class(
        folder,
        str(folder),
        list_images(folder, f"test/{normal[0]}"),
        [file for files in images.values() for file in files],
        abnormal_masks=pair_masks(folder, images),
    )
