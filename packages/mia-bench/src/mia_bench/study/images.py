"""Images of a run's dataset: registered, a folder of the user's own, or a table of files."""

from __future__ import annotations

import hashlib
import os
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

import mia_data
import numpy as np

from mia_bench.errors import StudyError
from mia_bench.run_folder.data_record import DataRecord, DataSource

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mia_data import Counts, ImageSet

    from mia_bench.study.plan import Run

SPLITS = ("train", "test")
_HASHED_AT_ONCE = 256  # images


def load_split(run: Run, split: str) -> ImageSet:
    """Load the images of a run, as its method wants them.

    Raises:
        DataError: They are missing or damaged.
        StudyError: Test images of the user's own that are not sorted into normal and abnormal.
    """
    source = run.source
    if source.own is None:
        return mia_data.load(
            run.dataset,
            split,
            root=source.root,
            size=run.image_size,
            channels=run.channels,
            resize=run.resize,
            resample=run.resample,
            brightness=source.reading.brightness,
            allow_damaged=source.reading.allow_damaged,
        )
    load = mia_data.from_folder if source.folder is not None else mia_data.from_manifest
    found = load(
        source.own,
        split,
        size=run.image_size,
        channels=run.channels,
        resize=run.resize,
        resample=run.resample,
        **asdict(source.reading),
    )
    if (found.labels < 0).any():
        raise _unlabeled(run.dataset, source)
    return found


def read_datasets(runs: Sequence[Run]) -> None:
    """Read every split once, at each size that a run asks for.

    Raises:
        DataError: A dataset that is missing or damaged.
        StudyError: Test images of the user's own that are not sorted into normal and abnormal.
    """
    views = {
        (run.dataset, run.image_size, run.channels, run.resize, run.resample): run for run in runs
    }
    for run in views.values():
        for split in SPLITS:
            load_split(run, split)


def count_images(dataset: str, source: DataSource) -> Counts:
    """Count the files of a dataset without opening them.

    Raises:
        MissingDataError: A registered dataset that is not there.
        DataError: A folder or table of the user's own that is missing or not as expected.
        StudyError: Test images of the user's own that are not sorted into normal and abnormal.
    """
    if source.own is None:
        return mia_data.count(dataset, root=source.root)
    count = mia_data.count_folder if source.folder is not None else mia_data.count_manifest
    counts = count(source.own)
    if not (counts.test_normal and counts.test_abnormal):
        raise _unlabeled(dataset, source)
    return counts


def record_data(run: Run, train: ImageSet, test: ImageSet) -> DataRecord:
    """Return the place of a run's images on this machine, and their hashes."""
    return DataRecord(
        source=_located(run), train_sha256=hash_images(train), test_sha256=hash_images(test)
    )


def hash_images(images: ImageSet) -> str:
    """Return the SHA-256 of a split: its ids, labels, pixels and masks."""
    names = "\n".join(images.ids).encode("utf-8", "surrogateescape")
    digest = hashlib.sha256(names + b"\0")
    digest.update(np.asarray(images.labels, "<i8").tobytes())
    for array in (images.images, images.masks):
        if array is None:
            continue
        digest.update(str(array.shape).encode())
        for start in range(0, len(array), _HASHED_AT_ONCE):
            digest.update(array[start : start + _HASHED_AT_ONCE].tobytes())
    return digest.hexdigest()


def is_there(source: DataSource) -> bool:
    """Return whether the user's own folder or table, or the root of a dataset, exists."""
    where = source.own if source.own is not None else str(mia_data.data_root(source.root))
    return os.path.exists(os.path.expanduser(where))  # noqa: PTH110, PTH111


def locate_source(data: DataRecord | None, root: str | None = None) -> DataSource:
    """Return the place of a finished run's images now.

    Args:
        data: What the run recorded of its images; None where it is too old for that.
        root: The folder that holds the folders of registered datasets; by default the one that the
            run read, or where that is gone the default one.
    """
    known = DataSource() if data is None else data.source
    if known.own is not None:
        return known
    if root is not None:
        return replace(known, root=os.path.abspath(root))  # noqa: PTH100
    return known if is_there(known) else replace(known, root=None)


def _located(run: Run) -> DataSource:
    """Return the source with absolute paths; that of a dataset without files stays as it is."""
    source = run.source
    paths = {key: _absolute(path) for key, path in source.paths.items()}
    source = DataSource(**paths, reading=source.reading)
    if not source.paths and mia_data.info(run.dataset).folder is not None:
        source = replace(source, root=_absolute(str(mia_data.data_root())))
    return source


def _absolute(path: str) -> str:
    return os.path.abspath(os.path.expanduser(path))  # noqa: PTH100, PTH111


def _unlabeled(dataset: str, source: DataSource) -> StudyError:
    msg = (
        f"expected {source.own} of the dataset {dataset!r} to have train/normal, test/normal and "
        "test/<anything>, since a study compares normal with abnormal test images; got images "
        "without labels"
    )
    return StudyError(msg)
