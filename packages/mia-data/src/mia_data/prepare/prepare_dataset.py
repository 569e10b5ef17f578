"""Building of a dataset of the study from its raw source."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mia_data.arguments import check_count
from mia_data.dataset_folder import data_root
from mia_data.errors import DataError, MissingDataError, unknown_name
from mia_data.files import expand_home, is_folder
from mia_data.prepare import brats2021, camelyon16, isic2018, lag, rsna, vincxr
from mia_data.prepare.dataset_files import make_dataset
from mia_data.prepare.plan import Options
from mia_data.prepare.progress import Progress
from mia_data.registry import definition

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mia_data.dataset_info import Counts
    from mia_data.prepare.plan import Plan

SOURCES: dict[str, Callable[[Options], Plan]] = {
    "rsna": rsna.plan,
    "vincxr": vincxr.plan,
    "lag": lag.plan,
    "isic2018": isic2018.plan,
    "camelyon16": camelyon16.plan,
    "brats2021": brats2021.plan,
}
_MAX_WORKERS = 8


@dataclass(frozen=True)
class Prepared:
    """A dataset that was built.

    Attributes:
        folder: Its folder.
        counts: The numbers of its images.
        written: The number of files that were written; the others were there already.
        left_out: The number of images, or for brats2021 of patients, whose files are absent.
    """

    folder: Path
    counts: Counts
    written: int
    left_out: int


def prepare_dataset(
    name: str,
    source: str | Path,
    *,
    root: str | Path | None = None,
    split: str | Path | None = None,
    patients: str | Path | None = None,
    seed: int = 0,
    allow_missing: bool = False,
    workers: int | None = None,
    progress: bool = True,
) -> Prepared:
    """Build a dataset of the study from its raw source, so that ``load`` can read it.

    The dataset's folder appears when it is complete. A run that was stopped goes on where it was:
    files that are there already and are what the source gives are not made again.

    Args:
        name: ``"rsna"``, ``"vincxr"``, ``"lag"``, ``"isic2018"``, ``"camelyon16"`` or
            ``"brats2021"``, or an alias.
        source: The folder of the raw source, as its publisher has arranged it.
        root: See ``load``.
        split: A file that lists the images of each split, in the form of the study's ``data.json``;
            by default they are drawn by patient. Not for isic2018 and camelyon16, which have a
            split of their own.
        patients: A CSV table with the columns ``image`` and ``patient``, where the source does not
            name the patients; by default each file of a source is a patient of its own.
        seed: Random seed of what is drawn.
        allow_missing: Leave out images whose files are absent; by default they are an error.
        workers: Number of threads (default: the processor's cores, at most 8).
        progress: Whether to show on stderr how far it has come.

    Raises:
        UnknownNameError: There is no such dataset, or no rule to build it.
        MissingDataError: There is no folder ``source``.
        MissingExtraError: The package for DICOM or NIfTI is not installed.
        DataError: Files of the source are absent or damaged, its tables contradict each other, the
            split does not fit, or files cannot be written.
    """
    info = definition(name).info
    if info.name not in SOURCES:
        raise unknown_name("raw source", info.name, SOURCES)
    folder = expand_home(source)
    if not is_folder(folder):
        msg = f"the folder {folder} of the raw source of {info.name} does not exist"
        raise MissingDataError(msg)
    final = data_root(root) / str(info.folder)
    if os.path.realpath(folder) == os.path.realpath(final):
        msg = f"the raw source {folder} is the dataset's own folder, expected two folders"
        raise DataError(msg)
    if workers is None:
        workers = min(os.cpu_count() or 1, _MAX_WORKERS)
    options = Options(
        source=folder,
        counts=info.counts,
        seed=check_count("seed", seed, least=0),
        split_file=None if split is None else expand_home(split),
        patients_file=None if patients is None else expand_home(patients),
        allow_missing=allow_missing,
        workers=check_count("workers", workers),
        progress=Progress(shown=progress),
    )
    plan = SOURCES[info.name](options)
    written = make_dataset(plan, final, options)
    return Prepared(final, plan.counts, written, plan.left_out)
