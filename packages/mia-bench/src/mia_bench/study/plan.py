"""The runs of a study: each dataset by method by seed, with every setting filled in."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields
from typing import TYPE_CHECKING, Any

import mia_data

from mia_bench.detectors import plugins
from mia_bench.detectors.epoch_selection import LAST, check_rule
from mia_bench.detectors.optional import resample_of
from mia_bench.errors import StudyError
from mia_bench.files import is_folder_name
from mia_bench.metric_names import METRICS
from mia_bench.run_folder.data_record import DataSource
from mia_bench.run_folder.records import RunSettings
from mia_bench.study import paper_settings

if TYPE_CHECKING:
    from mia_bench.detectors.protocol import Detector
    from mia_bench.study.study import DatasetEntry, MethodEntry, Study


@dataclass(frozen=True, kw_only=True)
class Run:
    """One training and scoring, with every setting that changes its result.

    Attributes:
        dataset: Registered name of the dataset, or the name of the user's own.
        label: The method's label in the study; the name of its folder.
        method: The method's registered name.
        seed: Random seed.
        epochs: Epochs of training.
        image_size: Side of the square images in pixels.
        channels: 1 (gray) or 3 (RGB).
        resize: How images are brought to ``image_size``; see ``mia_data.load``.
        resample: The filter that they are resized with; see ``mia_data.load``.
        options: The method's own options.
        select: The rule that chooses the epoch, see ``mia_bench.detectors.epoch_selection``; None
            for the last.
        metrics: The metrics that are measured, see ``mia_bench.execution.evaluate.measure``.
        source: The place of the dataset's images.
    """

    dataset: str
    label: str
    method: str
    seed: int
    epochs: int
    image_size: int
    channels: int
    resize: str
    options: dict[str, Any]
    select: str | None = None
    resample: str = "bilinear"
    metrics: tuple[str, ...] = METRICS
    source: DataSource = field(default_factory=DataSource)

    @classmethod
    def of(cls, settings: RunSettings, source: DataSource) -> Run:
        """Return the run with these settings, whose images are in this place.

        Raises:
            StudyError: They are an ensemble's, which is not trained.
        """
        if settings.epochs is None:
            msg = f"expected the settings of a training, got those of {settings.label!r}"
            raise StudyError(msg)
        values = {field.name: getattr(settings, field.name) for field in fields(settings)}
        return cls(**values, source=source)

    @property
    def name(self) -> str:
        """``dataset/label/seed-n``, the run's folder inside the study's."""
        return f"{self.dataset}/{self.label}/seed-{self.seed}"

    def settings(self) -> RunSettings:
        """Return the settings; two runs with the same settings are the same run."""
        values = asdict(self)
        for name in ("metrics", "source"):  # the same run, however it is measured and kept
            del values[name]
        return RunSettings(**values)

    def build(self) -> Detector:
        """Build the untrained detector.

        Raises:
            StudyError: Options or sizes that the method does not take.
            FileNotFoundError: No such file of pretrained weights.
        """
        return plugins.build_detector(
            self.method,
            self.options,
            in_channels=self.channels,
            image_size=self.image_size,
            label=self.label,
        )


def plan(study: Study) -> list[Run]:
    """List the runs of a study and check that their methods can be built.

    Raises:
        StudyError: An unknown dataset or method, or options that a method does not take.
    """
    runs = list_runs(study)
    check_options(runs)
    return runs


def list_runs(study: Study) -> list[Run]:
    """List the runs of a study in the order in which they are done, without importing PyTorch.

    Raises:
        StudyError: An unknown dataset or method, or a run that is named twice.
    """
    names = [_check_dataset(entry) for entry in study.datasets]
    runs = [
        _run(name, dataset, method, seed, study)
        for name, dataset in zip(names, study.datasets, strict=True)
        for seed in study.seeds
        for method in study.methods
    ]
    doubles = sorted({run.name for run in runs if sum(r.name == run.name for r in runs) > 1})
    if doubles:
        msg = f"named more than once in the study: {', '.join(doubles)}"
        raise StudyError(msg)
    return runs


def check_options(runs: list[Run]) -> None:
    """Build the method of each run once for each of its sizes.

    Raises:
        StudyError: Options or sizes that a method does not take.
    """
    first = {
        (run.label, run.channels, run.image_size, repr(run.options)): run for run in reversed(runs)
    }
    for run in first.values():
        with suppress(FileNotFoundError):  # weights; the run fails by itself and the others go on
            run.build()


def _check_dataset(entry: DatasetEntry) -> str:
    """Return the dataset's name: that of an alias, or the one that the user gave.

    Raises:
        StudyError: An unknown name, or one for the user's own images that is taken or no name.
    """
    own = entry.source.own
    try:
        registered = mia_data.info(entry.name).name
    except mia_data.UnknownNameError as error:
        if own is None:
            msg = f"{error}; images of your own have a path instead: a folder or a CSV table"
            raise StudyError(msg) from error
    else:
        if own is None:
            return registered
        msg = (
            f"expected another name for {own} than {entry.name!r}, which is that of a registered "
            f"dataset: name it in a study file, as [datasets.my-{entry.name}]"
        )
        raise StudyError(msg)
    if not is_folder_name(entry.name):
        msg = f"expected datasets.NAME to have a name that a folder can have, got {entry.name!r}"
        raise StudyError(msg)
    return entry.name


def _run(name: str, dataset: DatasetEntry, entry: MethodEntry, seed: int, study: Study) -> Run:
    info = plugins.find_method(entry.method).info
    epochs = paper_settings.epochs(info, name) if entry.epochs is None else entry.epochs
    if epochs < 0:
        msg = f"method {entry.label!r}: expected epochs to be 0 or above, got {epochs}"
        raise StudyError(msg)
    rule = check_rule("select rule", study.select if entry.select is None else entry.select)
    if rule and not epochs:
        msg = (
            f"method {entry.label!r} is not trained, so there is no epoch to choose: "
            f'set select = "{LAST}" for it'
        )
        raise StudyError(msg)
    original = paper_settings.original_options(entry.method) if study.as_original else {}
    sizes = entry.image_size, dataset.image_size, info.image_size
    return Run(
        dataset=name,
        label=entry.label,
        method=entry.method,
        seed=seed,
        epochs=epochs,
        image_size=next(size for size in sizes if size is not None),
        channels=paper_settings.channels(info, name),
        resize=info.resize,
        resample=resample_of(info),
        options={**paper_settings.options(info, name), **original, **entry.options},
        select=rule,
        metrics=study.metrics,
        source=dataset.source,
    )
