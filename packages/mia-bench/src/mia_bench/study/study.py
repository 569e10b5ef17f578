"""A study: datasets by methods by seeds, and how they are run."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mia_bench.detectors.epoch_selection import LAST
from mia_bench.errors import StudyError
from mia_bench.metric_names import METRICS
from mia_bench.run_folder.data_record import DataSource
from mia_bench.run_folder.reading import Reading
from mia_bench.study.executor_options import ExecutorOptions
from mia_bench.study.paths import is_path, locate

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, kw_only=True)
class DatasetEntry:
    """A dataset of a study; None stands for the default.

    Attributes:
        name: Its registered name, or an alias; of the user's own images a name that is free.
        root: The folder that holds the folder of a registered dataset.
        folder: A folder of the user's own images, see ``mia_data.from_folder``.
        manifest: A CSV table of the user's own images, see ``mia_data.from_manifest``.
        image_size: Side of its images in pixels, for methods that do not name their own.
        reading: How its files are read; in a study file its parts are keys of the dataset.
    """

    name: str
    root: str | None = None
    folder: str | None = None
    manifest: str | None = None
    image_size: int | None = None
    reading: Reading = field(default_factory=Reading)

    @property
    def source(self) -> DataSource:
        """The place that its images come from."""
        return DataSource(
            root=self.root, folder=self.folder, manifest=self.manifest, reading=self.reading
        )


@dataclass(frozen=True, kw_only=True)
class MethodEntry:
    """A method of a study; None stands for the default of the study or the method.

    Attributes:
        label: Its name in the study, the name of its folder.
        method: Its registered name.
        epochs: Epochs of training.
        image_size: Side of the square images in pixels.
        options: The method's own options.
        select: The rule that chooses its epoch.
    """

    label: str
    method: str
    epochs: int | None = None
    image_size: int | None = None
    options: dict[str, Any] = field(default_factory=dict)
    select: str | None = None


@dataclass(frozen=True, kw_only=True)
class Study:
    """Datasets by methods by seeds, and how they are run.

    Attributes:
        name: The study's name.
        datasets: Its datasets.
        methods: Its methods.
        seeds: The random seeds of each dataset and method.
        select: The rule that chooses an epoch, of methods that name none.
        metrics: The metrics that are measured.
        as_original: Whether methods get the options that bring the behavior of the original's code,
            see ``mia_bench.study.paper_settings``; options of a method's own come before these.
        executor: Where its runs are done.
        tracking: The trackers that its runs are logged to.
    """

    name: str
    datasets: tuple[DatasetEntry, ...]
    methods: tuple[MethodEntry, ...]
    seeds: tuple[int, ...] = (0,)
    select: str = LAST
    metrics: tuple[str, ...] = METRICS
    as_original: bool = False
    executor: ExecutorOptions = field(default_factory=ExecutorOptions)
    tracking: tuple[str, ...] = ()

    def choose(
        self,
        *,
        datasets: Iterable[str] | None = None,
        methods: Iterable[str] | None = None,
        seeds: Iterable[int] | None = None,
        root: str | None = None,
        epochs: int | None = None,
        select: str | None = None,
        as_original: bool = False,
        reading: Reading | None = None,
    ) -> Study:
        """Return the study with other lists or schedules where they are given.

        A name that the study has keeps the settings it has there. A dataset that is no registered
        name is a path: that of a folder of the user's own images, or of a CSV table of them.
        ``root`` is for registered datasets alone; of ``reading`` all but ``allow_damaged`` and
        ``brightness`` is for the user's own images.

        Raises:
            StudyError: Something is said of the user's own images, and the study has none.
        """
        study = replace(self, as_original=self.as_original or as_original)
        if datasets is not None:
            own = {entry.name: entry for entry in self.datasets}
            chosen = tuple(own.get(name) or _dataset_of_argument(name) for name in datasets)
            study = replace(study, datasets=chosen)
        if methods is not None:
            mine = {entry.label: entry for entry in self.methods}
            picked = tuple(mine.get(n, MethodEntry(label=n, method=n)) for n in methods)
            study = replace(study, methods=picked)
        if seeds is not None:
            study = replace(study, seeds=tuple(seeds))
        if root is not None:
            root = locate(root)
            moved = tuple(
                replace(entry, root=root) if entry.source.own is None else entry
                for entry in study.datasets
            )
            study = replace(study, datasets=moved)
        if reading is not None:
            study = replace(study, datasets=_with_reading(study.datasets, reading))
        if epochs is not None:
            timed = tuple(replace(entry, epochs=epochs) for entry in study.methods)
            study = replace(study, methods=timed)
        if select is not None:
            ruled = tuple(replace(entry, select=select) for entry in study.methods)
            study = replace(study, methods=ruled)
        return study


def _with_reading(entries: tuple[DatasetEntry, ...], reading: Reading) -> tuple[DatasetEntry, ...]:
    """Return the datasets with further settings of how their files are read."""
    if reading.for_own_only() and all(entry.source.own is None for entry in entries):
        msg = (
            f"expected a folder or table of your own images for {reading.for_own_only()[0]}, got "
            f"the datasets {', '.join(entry.name for entry in entries)}"
        )
        raise StudyError(msg)
    of_registered = Reading(allow_damaged=reading.allow_damaged, brightness=reading.brightness)
    return tuple(
        replace(
            entry,
            reading=entry.reading.with_more(of_registered if entry.source.own is None else reading),
        )
        for entry in entries
    )


def _dataset_of_argument(text: str) -> DatasetEntry:
    """Return the dataset of a word of the command line: a registered name, or a path.

    A path leads to a folder, or to a CSV table; its last part without ``.csv`` names the dataset.
    """
    if not is_path(text):
        return DatasetEntry(name=text)
    path = Path(os.path.expanduser(locate(text)))  # noqa: PTH111 (an unknown user is no error yet)
    if path.suffix.lower() == ".csv" and not path.is_dir():
        return DatasetEntry(name=path.stem, manifest=str(path))
    return DatasetEntry(name=path.name, folder=str(path))
