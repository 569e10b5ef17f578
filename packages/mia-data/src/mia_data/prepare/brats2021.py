"""BraTS2021: axial FLAIR slices of the training patients of BraTS 2021, with tumor masks.

The folder, or ``BraTS2021_Training_Data`` in it, holds a folder ``BraTS2021_<number>`` for each
patient, with ``BraTS2021_<number>_flair.nii.gz`` and ``BraTS2021_<number>_seg.nii.gz`` in it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mia_data.errors import DataError
from mia_data.file_list import ABNORMAL, NORMAL
from mia_data.file_types import without_suffix
from mia_data.files import is_file, is_folder
from mia_data.list_files import list_folders
from mia_data.prepare.brain_slices import SLICES, has_tumor, render_slices
from mia_data.prepare.plan import Options, Plan, SourceImage
from mia_data.prepare.refused_options import check_no_patients
from mia_data.prepare.run_tasks import run_all
from mia_data.prepare.source_files import check_missing
from mia_data.prepare.split import Split, checked, split_by_share
from mia_data.prepare.split_file import check_apart, read_split_names

if TYPE_CHECKING:
    from pathlib import Path

    from mia_data.prepare.tasks import Render

# Of the 1251 patients of the training data 200 are for testing, the others for training.
TEST_SHARE = 0.16
_INNER = "BraTS2021_Training_Data"
_PATIENT = re.compile(r"BraTS2021_\d{5}")
_NAME = re.compile(r"(BraTS2021_\d{5})_flair_(\d{1,3})")
_FOLDERS = ("train", "test/normal", "test/tumor")


def plan(options: Options) -> Plan:
    """Return the plan of BraTS2021.

    Without a split file, patients are drawn for testing; of the candidate slices (``SLICES``) those
    that show no tumor are normal.

    Raises:
        DataError: Patients or files are missing, a segmentation cannot be read, or no split can be
            made.
    """
    check_no_patients("brats2021", options)
    base = options.source / _INNER
    base = base if is_folder(base) else options.source
    listed = None if options.split_file is None else _listed(base, options.split_file)
    patients = _patient_folders(base) if listed is None else sorted(_patients(listed))
    files = {name: (_find(base, name, "flair"), _find(base, name, "seg")) for name in patients}
    absent = [str(path) for pair in files.values() for path in pair if not is_file(path)]
    check_missing(absent, 2 * len(files), options)
    there = {name: pair for name, pair in files.items() if all(map(is_file, pair))}
    if listed is None:
        split = _drawn(there, options)
    else:
        split = checked(Split(*([i for i in g if i.patient in there] for g in listed.groups)))
    tasks = _tasks(split, there)
    return Plan(tasks, split.counts, left_out=len(files) - len(there), unit="patients")


def _patient_folders(base: Path) -> list[str]:
    """Return the folders of patients, sorted.

    Raises:
        DataError: There is none.
    """
    found = [name for name in list_folders(base) if _PATIENT.fullmatch(name)]
    if not found:
        msg = f"{base} holds no folder BraTS2021_<number>, expected one for each patient"
        raise DataError(msg)
    return found


def _find(base: Path, patient: str, kind: str) -> Path:
    """Return the path of a patient's file: without ``.gz`` only where that alone is there."""
    packed = base / patient / f"{patient}_{kind}.nii.gz"
    plain = packed.with_suffix("")
    return plain if is_file(plain) and not is_file(packed) else packed


def _drawn(files: dict[str, tuple[Path, Path]], options: Options) -> Split:
    """Return a split by patient of the candidate slices."""
    tumors = run_all(
        "segmentations",
        lambda pair: has_tumor(*pair),
        list(files.values()),
        workers=options.workers,
        progress=options.progress,
    )
    images = [
        SourceImage(f"{patient}_flair_{number}.png", ABNORMAL if ill else NORMAL, patient, flair)
        for (patient, (flair, _)), slices in zip(files.items(), tumors, strict=True)
        for number, ill in zip(SLICES, slices, strict=True)
    ]
    return split_by_share(images, options.counts, options.seed, test_share=TEST_SHARE)


def _listed(base: Path, path: Path) -> Split:
    """Return the split of a file, whose names are ``BraTS2021_<number>_flair_<slice>``."""

    def image(name: str, label: int) -> SourceImage:
        match = _NAME.fullmatch(name)
        if match is None:
            msg = f"{path} names {name!r}, expected BraTS2021_<number>_flair_<slice>.png"
            raise DataError(msg)
        return SourceImage(f"{name}.png", label, match[1], _find(base, match[1], "flair"))

    groups = zip(read_split_names(path), (NORMAL, NORMAL, ABNORMAL), strict=True)
    split = Split(*([image(name, label) for name in names] for names, label in groups))
    check_apart(path, split)
    return split


def _patients(split: Split) -> set[str]:
    return {image.patient for image in split.images}


def _tasks(split: Split, files: dict[str, tuple[Path, Path]]) -> list[Render]:
    """Return one step for each patient, which makes all of the patient's slices."""
    chosen: dict[str, list[tuple[str, int, int]]] = {}
    for group, folder in zip(split.groups, _FOLDERS, strict=True):
        for image in group:
            number = int(without_suffix(image.name).rpartition("_")[2])
            slices = chosen.setdefault(image.patient, [])
            slices.append((f"{folder}/{image.name}", number, image.label))
    return [render_slices(*files[patient], slices) for patient, slices in sorted(chosen.items())]
