"""A study resolved into runs: each dataset by method by seed with every setting filled in."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import mia_data

from mia_bench import protocol, providers
from mia_bench.errors import StudyError
from mia_bench.leaderboard import METRICS
from mia_bench.selection import LAST, check_rule

if TYPE_CHECKING:
    from mia_bench.contract import Detector
    from mia_bench.study import DatasetEntry, MethodEntry, Study


@dataclass(frozen=True, kw_only=True)
class Run:
    """One training and scoring, with every setting that changes its result.

    Attributes:
        dataset: Registered name of the dataset.
        label: The method's label in the study; the name of its folder.
        method: The method's registered name.
        seed: Of everything that is drawn.
        epochs: Epochs of training.
        image_size: Side of the square images.
        channels: 1 (gray) or 3 (RGB).
        resize: How images are brought to ``image_size``; see ``mia_data.load``.
        options: The method's own options.
        select: The rule that chooses the epoch, see ``mia_bench.selection``; None for the last.
        metrics: What is measured of the result, see ``mia_bench.outputs.measure``.
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
    metrics: tuple[str, ...] = METRICS

    @property
    def name(self) -> str:
        """``dataset/label/seed-n``: the run's folder inside the study's."""
        return f"{self.dataset}/{self.label}/seed-{self.seed}"

    def settings(self) -> dict[str, Any]:
        """The settings as JSON values; two runs with the same settings are the same run."""
        settings = asdict(self)
        del settings["metrics"]  # the same run, however it is measured
        return settings

    def build(self) -> Detector:
        """The untrained detector.

        Raises:
            StudyError: Options or sizes that the method does not take.
            FileNotFoundError: Pretrained weights that are not there.
        """
        return providers.build(
            self.method,
            self.options,
            in_channels=self.channels,
            image_size=self.image_size,
            label=self.label,
        )


def roots_of(study: Study) -> dict[str, str | None]:
    """Registered name of each dataset -> where its folder lies, None for the default."""
    return {mia_data.info(entry.name).name: entry.root for entry in study.datasets}


def plan(study: Study) -> list[Run]:
    """All runs of a study, in the order in which they are done.

    Raises:
        StudyError: An unknown dataset or method, or options that a method does not take.
    """
    runs = [
        _run(dataset, method, seed, study)
        for dataset in study.datasets
        for seed in study.seeds
        for method in study.methods
    ]
    doubles = sorted({run.name for run in runs if sum(r.name == run.name for r in runs) > 1})
    if doubles:
        msg = f"named more than once in the study: {', '.join(doubles)}"
        raise StudyError(msg)
    first = {(run.label, run.channels, run.image_size): run for run in reversed(runs)}
    for run in first.values():
        with suppress(FileNotFoundError):  # weights; the run fails by itself and the others go on
            run.build()
    return runs


def _run(dataset: DatasetEntry, entry: MethodEntry, seed: int, study: Study) -> Run:
    name = mia_data.info(dataset.name).name
    info = providers.method(entry.method).info
    epochs = protocol.epochs(info, name) if entry.epochs is None else entry.epochs
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
    sizes = entry.image_size, dataset.image_size, info.image_size
    return Run(
        dataset=name,
        label=entry.label,
        method=entry.method,
        seed=seed,
        epochs=epochs,
        image_size=next(size for size in sizes if size is not None),
        channels=protocol.channels(info, name),
        resize=info.resize,
        options=protocol.options(info, name) | entry.options,
        select=rule,
        metrics=study.metrics,
    )
