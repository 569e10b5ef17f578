"""A folder of one's own images as a dataset."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mia_data.arguments import check_split
from mia_data.decode.request import make_request
from mia_data.errors import DataError
from mia_data.file_list import NORMAL, UNKNOWN, FileList, by_class
from mia_data.file_types import is_image, without_suffix
from mia_data.files import exists, is_folder
from mia_data.list_files import list_folders, list_images
from mia_data.load_files import load_files

if TYPE_CHECKING:
    from mia_data.decode.intensity import Window
    from mia_data.imageset import ImageSet

# The names of the folder of normal images: ours, and that of MVTec AD.
_NORMAL_NAMES = ("normal", "good")
_MASK_FOLDERS = ("ground_truth", "masks")
_MASK_ENDINGS = ("_mask", "")


def from_folder(
    folder: str | Path,
    split: str = "train",
    *,
    size: int = 64,
    channels: int = 1,
    resize: str = "squash",
    resample: str = "bilinear",
    window: Window | None = None,
    cache_dir: str | Path | None = None,
) -> ImageSet:
    """Load a folder of images in one of three layouts, told apart by the folders in it.

    - images only: for ``"train"`` all are normal (label 0), for ``"test"`` unknown (label -1);
    - ``train/normal``, ``test/normal`` and ``test/<anything>`` (abnormal), masks optional in
      ``masks/<anything>``;
    - MVTec AD: ``train/good``, ``test/good``, ``test/<defect>``, ``ground_truth/<defect>``.

    The mask of ``<name>.*`` is ``<name>_mask.*`` or ``<name>.*``. Where there is a folder of masks,
    every abnormal image needs one. PNG, JPEG, TIFF and BMP are read; DICOM and NIfTI with the
    extras ``dicom`` and ``nifti``. A NIfTI volume gives the axial slices of its middle half.

    Args:
        folder: the folder.
        split: ``"train"`` or ``"test"``.
        size: as in ``load``.
        channels: 1 (gray) or 3 (RGB).
        resize: as in ``load``.
        resample: as in ``load``.
        window: (low, high), the intensities that become 0 and 255, for images of more than 8 bits;
            by default the file's own window (DICOM), else its 0.5 and 99.5 percentiles.
        cache_dir: as in ``load``.

    Raises:
        DataError: the folder has none of these layouts, a class is empty, a file cannot be read, a
            mask is missing, has no image or has another size.
    """
    check_split(split)
    request = make_request(size, channels, resize=resize, resample=resample, window=window)
    path = Path(folder).expanduser()
    listing = list_folder(path, split)
    return load_files(path.absolute().name, split, listing, request, cache_dir)


def list_folder(folder: Path, split: str) -> FileList:
    """List a split of a folder in any of the three layouts.

    Raises:
        DataError: the folder does not exist or has another layout.
    """
    if not is_folder(folder):
        what = "is not a folder" if exists(folder) else "does not exist"
        msg = f"the folder {folder} {what}"
        raise DataError(msg)
    inner = list_folders(folder)
    if "train" in inner or "test" in inner:
        return _by_split(folder, split)
    if inner and not any(map(is_image, folder.iterdir())):
        msg = (
            f"the folder {folder} holds no image, only the folders {', '.join(inner)}; expected "
            "images, or train/normal and test/normal, or train/good and test/good"
        )
        raise DataError(msg)
    files = list_images(folder, "")
    label = NORMAL if split == "train" else UNKNOWN
    return FileList(folder, str(folder), files, [label] * len(files))


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
        abnormal_masks=_masks(folder, images),
    )


def _masks(folder: Path, images: dict[str, list[str]]) -> dict[str, str] | None:
    """Pair images with their masks; None where the folder has no folder of masks."""
    present = [name for name in _MASK_FOLDERS if (folder / name).is_dir()]
    if not present:
        return None
    if len(present) > 1:
        msg = f"{folder} holds both {' and '.join(present)}; expected one folder of masks"
        raise DataError(msg)
    masks: dict[str, str] = {}
    for name, files in images.items():
        inner = f"{present[0]}/{name}"
        by_stem = {without_suffix(mask): mask for mask in list_images(folder, inner)}
        for file in files:
            stem = without_suffix(file).rpartition("/")[2]
            stems = [f"{inner}/{stem}{ending}" for ending in _MASK_ENDINGS]
            found = [by_stem.pop(stem) for stem in stems if stem in by_stem]
            if len(found) != 1:
                msg = f"{folder / file} has {len(found)} masks in {folder / inner}, expected one"
                raise DataError(msg)
            masks[file] = found[0]
        if by_stem:
            extra = next(iter(by_stem.values()))
            msg = f"the mask {folder / extra} belongs to no image of {folder / 'test' / name}"
            raise DataError(msg)
    return masks
