"""Check of a dataset's files against its description."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING

from mia_data.arguments import SPLITS
from mia_data.dataset_folder import dataset_folder
from mia_data.decode.dicom_series import VolumeWindows
from mia_data.decode.reader import Reader
from mia_data.decode.request import Request
from mia_data.decode.sources import find_sources
from mia_data.errors import DataError
from mia_data.file_list import FileList
from mia_data.files import is_file, read_image_bytes
from mia_data.links import check_links
from mia_data.registry import definition
from mia_data.verify_report import Count, Report

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mia_data.known_datasets import Definition


def verify(name: str, root: str | Path | None = None) -> Report:
    """Check a dataset: every file is decoded and hashed.

    Raises:
        MissingDataError: The dataset's folder is not there.
        DataError: The dataset has no files (phantom).
    """
    row = definition(name)
    if row.list_split is None:
        msg = f"{row.info.name} is drawn, there is nothing to verify"
        raise DataError(msg)
    folder = dataset_folder(row.info, root)
    listings, problems = _list(row, folder)
    pairs = {
        file: mask
        for listing in listings.values()
        for file, mask in zip(
            listing.files, listing.masks or [None] * len(listing.files), strict=True
        )
    }
    named = [*pairs, *(mask for mask in pairs.values() if mask is not None)]
    missing = [file for file in named if not is_file(folder / file)]
    absent = set(missing)
    present = {
        file: None if mask in absent else mask for file, mask in pairs.items() if file not in absent
    }
    unreadable, hashes = _read_all(folder, present)
    by_hash: dict[bytes, list[str]] = {}
    for file, digest in hashes.items():
        by_hash.setdefault(digest, []).append(file)
    known = {*named, *row.index_files}
    return Report(
        name=row.info.name,
        folder=str(folder),
        counts=tuple(_counts(row, listings)),
        problems=tuple(problems),
        missing=tuple(sorted(missing)),
        unreadable=tuple(unreadable),
        duplicates=tuple(tuple(group) for group in by_hash.values() if len(group) > 1),
        leaked=tuple(_leaked(listings, by_hash)),
        stray=tuple(sorted(file for file in _walk(folder) if file not in known)),
    )


def _list(row: Definition, folder: Path) -> tuple[dict[str, FileList], list[str]]:
    results = {split: _list_split(row, folder, split) for split in SPLITS}
    listings = {split: r for split, r in results.items() if isinstance(r, FileList)}
    return listings, [str(r) for r in results.values() if isinstance(r, DataError)]


def _list_split(row: Definition, folder: Path, split: str) -> FileList | DataError:
    assert row.list_split is not None
    try:
        listing = row.list_split(folder, split)
        check_links(listing.folder, listing.names)
    except DataError as error:
        return error
    return listing


def _counts(row: Definition, listings: dict[str, FileList]) -> Iterator[Count]:
    expected = row.info.counts
    for split, label, number in (
        ("train", 0, expected.train_normal),
        ("test", 0, expected.test_normal),
        ("test", 1, expected.test_abnormal),
    ):
        found = listings[split].labels.count(label) if split in listings else 0
        yield Count(split, "abnormal" if label else "normal", found, number)


def _leaked(listings: dict[str, FileList], by_hash: dict[bytes, list[str]]) -> list[str]:
    train, test = (set(listings[s].files) if s in listings else set() for s in SPLITS)
    groups = [group for group in by_hash.values() if not train.isdisjoint(group)]
    return sorted(file for group in groups for file in group if file in test)


def _read_all(folder: Path, pairs: dict[str, str | None]) -> tuple[list[str], dict[str, bytes]]:
    windows = VolumeWindows()

    def read(pair: tuple[str, str | None]) -> tuple[str | None, bytes]:
        file, mask = pair
        # A few pixels are enough: the whole file is decoded before it is resized.
        reader = Reader(Request(size=8, channels=1, resize="squash"), windows)
        try:
            data = read_image_bytes(folder / file)
            mask_path = None if mask is None else str(folder / mask)
            for source in find_sources(str(folder / file), mask_path):
                reader.read(source)
        except DataError as error:
            return str(error), b""
        return None, blake2b(data, digest_size=16).digest()

    with ThreadPoolExecutor(min(os.cpu_count() or 1, 16)) as pool:
        results = list(pool.map(read, pairs.items()))
    unreadable = [problem for problem, _ in results if problem is not None]
    hashes = {
        file: digest
        for file, (problem, digest) in zip(pairs, results, strict=True)
        if problem is None
    }
    return unreadable, hashes


def _walk(folder: Path) -> Iterator[str]:
    for path, _, files in os.walk(folder):
        inner = Path(path).relative_to(folder).as_posix()
        for file in files:
            yield file if inner == "." else f"{inner}/{file}"
