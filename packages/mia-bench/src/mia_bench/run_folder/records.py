"""Records of one run: its settings, its result, its progress and its failure."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mia_bench.run_folder.data_record import DataRecord

FORMAT = 1  # of run.json


@dataclass(frozen=True, kw_only=True)
class RunSettings:
    """Settings that change the result of a run.

    Attributes:
        dataset: Registered name of the dataset.
        label: The method's label in the study.
        method: The method's registered name.
        seed: Random seed.
        image_size: Side of the square images.
        channels: 1 (gray) or 3 (RGB).
        resize: How images are brought to ``image_size``; see ``mia_data.load``.
        resample: The filter that they are resized with; see ``mia_data.load``.
        options: The method's own options, as JSON values.
        epochs: Training epochs; None for an ensemble, which is not trained.
        select: The rule that chooses the epoch; None for the last one.
    """

    dataset: str
    label: str
    method: str
    seed: int
    image_size: int
    channels: int
    resize: str
    options: dict[str, Any]
    epochs: int | None
    select: str | None = None
    resample: str = "bilinear"

    def to_json(self) -> dict[str, Any]:
        """Return the settings as JSON values; an ensemble has no epochs and no rule."""
        values = asdict(self)
        if self.epochs is None:
            del values["epochs"], values["select"]
        return values

    def describe_changes(self, before: RunSettings) -> str:
        """Return what changed since ``before``, as ``epochs 3 -> 4``; empty if nothing did."""
        return ", ".join(
            f"{field.name} {old!r} -> {new!r}"
            for field in fields(self)
            if (old := getattr(before, field.name)) != (new := getattr(self, field.name))
        )


@dataclass(frozen=True)
class ImageCounts:
    """Numbers of images that a run was trained on and tested on."""

    train: int
    test: int


@dataclass(frozen=True)
class EpochLosses:
    """The losses of one epoch by name."""

    epoch: int
    losses: Mapping[str, float]


@dataclass(frozen=True, kw_only=True)
class StageSeconds:
    """Seconds that each stage of a run took."""

    load: float = 0.0
    fit: float
    predict: float
    metrics: float = 0.0

    @property
    def total(self) -> float:
        """Seconds of all stages."""
        return self.load + self.fit + self.predict + self.metrics


@dataclass(frozen=True)
class PeakMemory:
    """Peak memory of a run in bytes; ``cuda`` is None where no GPU was used."""

    cpu: int
    cuda: int | None = None

    @classmethod
    def largest(cls, peaks: Sequence[PeakMemory]) -> PeakMemory:
        """Return the largest peak of several runs on each device."""
        on_gpu = max(peak.cuda or 0 for peak in peaks)
        return cls(max(peak.cpu for peak in peaks), on_gpu or None)


@dataclass(frozen=True, kw_only=True)
class Machine:
    """The device of a run, and what it ran with; None where an old run.json does not say.

    Attributes:
        device: ``"cpu"``, ``"cuda"``, ...
        name: Name of the processor or GPU.
        threads: Threads that torch used.
        cores: Processor cores of the machine.
        system: Operating system and architecture.
        python: Version of Python.
        versions: Package -> version.
    """

    device: str
    name: str
    threads: int
    cores: int | None = None
    system: str | None = None
    python: str | None = None
    versions: Mapping[str, str] | None = None


@dataclass(frozen=True)
class EpochScore:
    """The score that an epoch got without labels."""

    epoch: int
    score: float


@dataclass(frozen=True)
class EpochMetrics:
    """The metrics of the detector after an epoch; None for an infinite threshold."""

    epoch: int
    metrics: Mapping[str, float | None]


@dataclass(frozen=True, kw_only=True)
class EpochSelection:
    """The epoch that was chosen without labels.

    Attributes:
        epoch: The chosen epoch.
        held_out: Training images that were held out to choose it.
        scores: Scores of the compared epochs.
        last: The last epoch and its metrics.
    """

    epoch: int
    held_out: int
    scores: tuple[EpochScore, ...]
    last: EpochMetrics


@dataclass(frozen=True, kw_only=True)
class RunRecord:
    """The contents of run.json.

    Attributes:
        settings: Settings of the run.
        metrics: Metric -> value on the test images; None for an infinite threshold.
        intervals: Metric -> ends of its bootstrap interval over the test images.
        images: Numbers of images.
        data: Where the images come from, and their hashes; None where an old run.json has neither.
        losses: The training curve, empty where nothing was trained.
        seconds: Seconds of each stage.
        peak_memory: Peak memory of the run's process.
        machine: The machine it ran on.
        parameters: Trained parameters, None where the method cannot say.
        finished: When it finished, in UTC, as ISO 8601 writes it.
        selection: The choice of the epoch, None where the last one was kept.
        members: Label of each member of an ensemble -> SHA-256 of its scores.csv; None for a run
            that is not an ensemble.
    """

    settings: RunSettings
    metrics: Mapping[str, float | None]
    intervals: Mapping[str, tuple[float, float]]
    images: ImageCounts
    losses: tuple[EpochLosses, ...]
    seconds: StageSeconds
    peak_memory: PeakMemory
    parameters: int | None = None
    machine: Machine
    data: DataRecord | None = None
    finished: str | None = None
    selection: EpochSelection | None = None
    members: Mapping[str, str] | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the record as JSON values; optional parts that it does not have are left out."""
        values = {"format": FORMAT, **asdict(self), "settings": self.settings.to_json()}
        values["losses"] = [{"epoch": each.epoch, **each.losses} for each in self.losses]
        values["peak_memory"] = _without_none(values["peak_memory"])
        values["machine"] = _without_none(values["machine"])
        values["data"] = None if self.data is None else self.data.to_json()
        for key in ("data", "finished", "selection", "members"):
            if values[key] is None:
                del values[key]
        return values


@dataclass(frozen=True)
class Progress:
    """The contents of progress.json: the epoch that a running run has reached."""

    epoch: int
    epochs: int
    loss: float | None


@dataclass(frozen=True)
class Failure:
    """The contents of failed.json: the error of the last try, and its settings if known."""

    error: str
    settings: RunSettings | None = None


def _without_none(values: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}
