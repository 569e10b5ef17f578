"""A table of image files as a dataset."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mia_data.arguments import SPLITS, check_split
from mia_data.csv_tables import read_rows
from mia_data.decode.request import make_request
from mia_data.errors import DataError, unknown_name
from mia_data.file_list import FileList, by_class, check_names
from mia_data.load_files import load_files

if TYPE_CHECKING:
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
    window: Window | None = None,
    allow_damaged: bool = False,
    allow_empty_masks: bool = False,
    cache_dir: str | Path | None = None,
) -> ImageSet:
    """Load the images that a CSV table lists.

    Its columns: ``path`` and, optionally, ``mask``, relative to the table's folder (or ``root``),
    with forward slashes; ``split``: train or test; ``label``: 0 or normal, 1 or abnormal. Other
    columns are ignored. A split has masks where any of its rows names one; then every abnormal
    image needs one. A normal image's mask, if it has one, must be empty.

    Args:
        csv: the table.
        split: ``"train"`` or ``"test"``.
        root: the folder that paths are relative to.
        size: as in ``load``.
        channels: 1 (gray) or 3 (RGB).
        resize: as in ``load``.
        resample: as in ``load``.
        window: as in ``from_folder``.
        allow_damaged: as in ``load``.
        allow_empty_masks: read abnormal images whose mask marks nothing; they keep their label.
        cache_dir: as in ``load``.

    Raises:
        DataError: the table, a row or a file is not as expected.
    """
    check_split(split)
    request = make_request(
        size,
        channels,
        resize=resize,
        resample=resample,
        window=window,
        allow_damaged=allow_damaged,
        allow_empty_masks=allow_empty_masks,
    )
    table = Path(csv).expanduser()
    folder = table.parent if root is None else Path(root).expanduser()
    listing = list_manifest(table, folder, split)
    return load_files(table.stem, split, listing, request, cache_dir)


def list_manifest(table: Path, folder: Path, split: str) -> FileList:
    """List a split of a table.

    Raises:
        DataError: the table or a row is not as expected.
    """
    files: dict[int, list[str]] = {0: [], 1: []}
    masks: dict[str, str] = {}
    for number, row in enumerate(read_rows(table, _COLUMNS), start=2):
        where = f"{table}, row {number}"
        path, row_split, label = (row[name].strip() for name in _COLUMNS)
        if row_split not in SPLITS:
            raise unknown_name(f"split in {where}", row_split, SPLITS)
        if label not in _LABELS:
            raise unknown_name(f"label in {where}", label, _LABELS)
        if row_split != split:
            continue
        if split == "train" and _LABELS[label]:
            msg = f"{where}: expected normal images only for training, got the label {label!r}"
            raise DataError(msg)
        files[_LABELS[label]].append(path)
        mask = (row.get("mask") or "").strip()
        if mask:
            masks[path] = mask
    return _listing(table, folder, split, files, masks)


def _listing(
    table: Path, folder: Path, split: str, files: dict[int, list[str]], masks: dict[str, str]
) -> FileList:
    for label in (0,) if split == "train" else (0, 1):
        if not files[label]:
            msg = f"{table} lists no image with split {split} and label {label}"
            raise DataError(msg)
    source = str(table)
    normal, abnormal, masked = (check_names(n, source) for n in (files[0], files[1], list(masks)))
    masks = dict(zip(masked, check_names(list(masks.values()), source), strict=True))
    if masks:
        bare = sorted(set(abnormal) - set(masks))
        if bare:
            msg = f"{table} names masks, but none for the abnormal image {bare[0]!r}"
            raise DataError(msg)
    return by_class(folder, source, normal, abnormal, abnormal_masks=masks or None)
