"""Loading of the images in a CSV table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mia_data.arguments import SPLITS, check_split
from mia_data.csv_tables import read_rows
from mia_data.dataset_info import Counts, count_labels
from mia_data.decode.request import make_request
from mia_data.errors import DataError, unknown_name
from mia_data.file_list import FileList, by_class, check_names
from mia_data.files import expand_home
from mia_data.load_files import load_files
from mia_data.patients import (
    check_patients_apart,
    patient_pattern,
    with_path_patients,
    with_patients,
)
from mia_data.shared_files import check_names_apart

if TYPE_CHECKING:
    import re
    from pathlib import Path

    from mia_data.decode.intensity import Window
    from mia_data.imageset import ImageSet

_COLUMNS = ("path", "split", "label")
_LABELS = {"0": 0, "1": 1, "normal": 0, "abnormal": 1}


def from_manifest(
    csv: str | Path,
    split: str = "train",
    *,
    root: str | Path | None = None,
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
    """Load the images in a CSV table.

    Its columns: ``path`` and, optionally, ``mask``, relative to the table's folder (or ``root``),
    with forward slashes; ``split``: train or test; ``label``: 0 or normal, 1 or abnormal;
    optionally ``patient``, with a value in every row or in none. Other columns are ignored. A split
    has masks where any of its rows names one; then every abnormal image needs one. A normal image's
    mask, if it has one, must be empty. A patient in both splits is refused.

    Args:
        csv: The table.
        split: ``"train"`` or ``"test"``.
        root: The folder that paths are relative to.
        size: As in ``load``.
        channels: 1 (gray) or 3 (RGB).
        resize: As in ``load``.
        resample: As in ``load``.
        brightness: As in ``load``.
        window: As in ``from_folder``.
        allow_damaged: As in ``load``.
        allow_empty_masks: As in ``from_folder``.
        resample_masks: As in ``from_folder``.
        allow_shared_files: As in ``from_folder``.
        patients: As in ``from_folder``, for a table without the column ``patient``.
        allow_shared_patients: As in ``from_folder``.
        cache_dir: As in ``load``.

    Raises:
        DataError: The table, a row or a file is not as expected.
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
    table = expand_home(csv)
    folder = table.parent if root is None else expand_home(root)
    rows = _read_rows(table)
    listing = _list_split(table, folder, rows, split)
    other = _other_split(table, folder, rows, split)
    if other is not None and not allow_shared_files:
        check_names_apart(str(table), listing.files, other.files)
    by_path = _patients(table, rows, patients)
    pattern = None if patients is None else patient_pattern(patients)
    listing = _with_patients(listing, by_path, pattern)
    other = other and _with_patients(other, by_path, pattern)
    if other is not None and not allow_shared_patients:
        check_patients_apart(listing, other)
    return load_files(
        table.stem,
        split,
        listing,
        request,
        cache_dir,
        apart_from=None if allow_shared_files else other,
        series_apart_from=None if allow_shared_patients else other,
    )


def count_manifest(csv: str | Path, *, root: str | Path | None = None) -> Counts:
    """Count the files in a CSV table without opening them; a volume counts once.

    Args:
        csv: The table.
        root: As in ``from_manifest``.

    Raises:
        DataError: The table or a row is not as expected.
    """
    table = expand_home(csv)
    folder = table.parent if root is None else expand_home(root)
    rows = _read_rows(table)
    return count_labels(*(_list_split(table, folder, rows, split).labels for split in SPLITS))


@dataclass(frozen=True)
class _Row:
    """One row of a table.

    Attributes:
        where: The table and the row's line, for messages.
        path: The image.
        split: ``"train"`` or ``"test"``.
        label: 0 (normal) or 1 (abnormal).
        mask: The image's mask, or nothing.
        patient: The image's patient, or nothing.
    """

    where: str
    path: str
    split: str
    label: int
    mask: str
    patient: str


def _read_rows(table: Path) -> list[_Row]:
    rows = []
    for row in read_rows(table, _COLUMNS):
        where = f"{table}, line {row.line}"
        path, split, label = (row.values[name].strip() for name in _COLUMNS)
        if split not in SPLITS:
            raise unknown_name(f"split in {where}", split, SPLITS)
        if label not in _LABELS:
            raise unknown_name(f"label in {where}", label, _LABELS)
        mask, patient = ((row.values.get(name) or "").strip() for name in ("mask", "patient"))
        rows.append(_Row(where, path, split, _LABELS[label], mask, patient))
    return rows


def _list_split(table: Path, folder: Path, rows: list[_Row], split: str) -> FileList:
    """List a split of a table.

    Raises:
        DataError: A class is empty, a mask is missing, or a name is not that of a file.
    """
    own = [row for row in rows if row.split == split]
    for row in own:
        if split == "train" and row.label:
            msg = f"{row.where}: expected normal images only for training, got an abnormal one"
            raise DataError(msg)
    for label in (0,) if split == "train" else (0, 1):
        if all(row.label != label for row in own):
            msg = f"{table} lists no image with split {split} and label {label}"
            raise DataError(msg)
    source = str(table)
    normal, abnormal = (
        check_names([row.path for row in own if row.label == label], source) for label in (0, 1)
    )
    masked = check_names([row.path for row in own if row.mask], source)
    named = check_names([row.mask for row in own if row.mask], source)
    masks = dict(zip(masked, named, strict=True))
    bare = sorted(set(abnormal) - set(masks))
    if masks and bare:
        msg = f"{table} names masks, but none for the abnormal image {bare[0]!r}"
        raise DataError(msg)
    return by_class(folder, source, normal, abnormal, abnormal_masks=masks or None)


def _other_split(table: Path, folder: Path, rows: list[_Row], split: str) -> FileList | None:
    """List the images of the other split; return None if there are none."""
    other = [row for row in rows if row.split != split]
    names = check_names([row.path for row in other], str(table))
    return FileList(folder, str(table), names, [row.label for row in other]) if other else None


def _patients(table: Path, rows: list[_Row], pattern: str | None) -> dict[str, str] | None:
    """Return the patient of each image by its path; None for a table that names none.

    Raises:
        DataError: A row has no patient and another has one, an image has two, or there is a
            regular expression as well.
    """
    if not any(row.patient for row in rows):
        return None
    if pattern is not None:
        msg = f"{table} has a column 'patient', expected no regular expression, got {pattern!r}"
        raise DataError(msg)
    bare = next((row for row in rows if not row.patient), None)
    if bare is not None:
        msg = f"{bare.where}: expected a patient, as other rows have one"
        raise DataError(msg)
    found: dict[str, str] = {}
    names = check_names([row.path for row in rows], str(table))
    for name, row in zip(names, rows, strict=True):
        if found.setdefault(name, row.patient) != row.patient:
            msg = f"{row.where}: {name!r} has the patients {found[name]!r} and {row.patient!r}"
            raise DataError(f"{msg}, expected one")
    return found


def _with_patients(
    listing: FileList, by_path: dict[str, str] | None, pattern: re.Pattern[str] | None
) -> FileList:
    if by_path is not None:
        return with_patients(listing, by_path)
    return listing if pattern is None else with_path_patients(listing, pattern)
