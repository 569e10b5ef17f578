"""Readers of run.json and the other JSON files of a run; each file is checked here, once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mia_bench.errors import StudyError
from mia_bench.metric_names import IMAGE_METRICS, METRICS
from mia_bench.run_folder.data_record import DataRecord, DataSource
from mia_bench.run_folder.json_file import JsonTable, read_json
from mia_bench.run_folder.reading import FLAGS, RULES, Reading
from mia_bench.run_folder.records import (
    FORMAT,
    EpochLosses,
    EpochMetrics,
    EpochScore,
    EpochSelection,
    Failure,
    ImageCounts,
    Machine,
    PeakMemory,
    Progress,
    RunRecord,
    RunSettings,
    StageSeconds,
)

if TYPE_CHECKING:
    from pathlib import Path

_RUN = ("settings", "metrics", "images", "losses", "seconds", "peak_memory", "machine")
_SETTINGS = ("dataset", "label", "method", "seed", "image_size", "channels", "resize", "options")


def read_run_record(path: Path) -> RunRecord:
    """Read run.json.

    Raises:
        StudyError: It is damaged, of another format, or not written by this program.
    """
    found = read_json(path)
    found.require("format", *_RUN)
    if (form := found.whole("format")) != FORMAT:
        msg = f"cannot read {path}: its format is {form}, expected {FORMAT}"
        raise StudyError(msg)
    return RunRecord(
        settings=_settings(found.table("settings")),
        metrics=_metrics(found.table("metrics")),
        intervals=found.optional(_intervals, "intervals") or {},
        images=_images(found.table("images")),
        losses=tuple(_losses(each) for each in found.tables("losses")),
        seconds=_seconds(found.table("seconds")),
        peak_memory=_memory(found.table("peak_memory")),
        machine=_machine(found.table("machine")),
        parameters=found.optional(JsonTable.whole, "parameters"),
        data=found.optional(_data, "data"),
        finished=found.optional(JsonTable.text, "finished"),
        selection=found.optional(_selection, "selection"),
        members=found.optional(_texts, "members"),
    )


def read_settings(path: Path) -> RunSettings:
    """Read settings.json, the settings of an unfinished run.

    Raises:
        StudyError: It is missing or damaged.
    """
    return _settings(read_json(path))


def read_failure(path: Path) -> Failure:
    """Read failed.json.

    Raises:
        StudyError: It is missing or damaged.
    """
    found = read_json(path)
    settings = found.optional(JsonTable.table, "settings")
    return Failure(found.message("error"), None if settings is None else _settings(settings))


def read_progress(path: Path) -> Progress:
    """Read progress.json.

    Raises:
        StudyError: It is missing or damaged.
    """
    found = read_json(path)
    loss = found.optional(JsonTable.number, "loss")
    return Progress(found.whole("epoch"), found.whole("epochs"), loss)


def _settings(found: JsonTable) -> RunSettings:
    found.require(*_SETTINGS)
    return RunSettings(
        dataset=found.text("dataset"),
        label=found.text("label"),
        method=found.text("method"),
        seed=found.whole("seed"),
        image_size=found.whole("image_size", least=1),
        channels=found.whole("channels", least=1),
        resize=found.text("resize"),
        options=found.plain("options"),
        epochs=found.optional(JsonTable.whole, "epochs"),
        select=found.optional(JsonTable.text, "select"),
        resample=found.optional(JsonTable.text, "resample") or "bilinear",  # which older runs used
    )


def _metrics(found: JsonTable) -> dict[str, float | None]:
    found.require(*IMAGE_METRICS)
    metrics: dict[str, float | None] = {}
    for name in found.names():
        if name in IMAGE_METRICS:
            metrics[name] = found.number(name, 0, 1)
        elif name in METRICS:
            metrics[name] = found.optional(lambda table, key: table.number(key, 0, 1), name)
        else:
            metrics[name] = found.optional(JsonTable.number, name)
    return metrics


def _intervals(found: JsonTable, key: str) -> dict[str, tuple[float, float]]:
    table = found.table(key)
    return {name: table.interval(name) for name in table.names()}


def _images(found: JsonTable) -> ImageCounts:
    found.require("train", "test")
    return ImageCounts(found.whole("train"), found.whole("test"))


def _data(found: JsonTable, key: str) -> DataRecord:
    table = found.table(key)
    table.require("train_sha256", "test_sha256")
    places = {
        name: table.optional(JsonTable.file_name, name) for name in ("root", "folder", "manifest")
    }
    return DataRecord(
        source=DataSource(**places, reading=_reading(table)),
        train_sha256=table.text("train_sha256"),
        test_sha256=table.text("test_sha256"),
    )


def _reading(table: JsonTable) -> Reading:
    flags = {name: bool(table.optional(JsonTable.flag, name)) for name in FLAGS}
    patients, brightness = (table.optional(JsonTable.text, name) for name in RULES)
    return Reading(**flags, patients=patients, brightness=brightness)


def _losses(found: JsonTable) -> EpochLosses:
    losses = {name: found.number(name) for name in found.names() if name != "epoch"}
    return EpochLosses(found.whole("epoch"), losses)


def _seconds(found: JsonTable) -> StageSeconds:
    found.require("fit", "predict")
    stages = ("fit", "predict", "load", "metrics")
    return StageSeconds(**{name: found.number(name, 0) for name in stages if name in found.values})


def _memory(found: JsonTable) -> PeakMemory:
    return PeakMemory(found.whole("cpu"), found.optional(JsonTable.whole, "cuda"))


def _machine(found: JsonTable) -> Machine:
    found.require("device", "name", "threads")
    return Machine(
        device=found.text("device"),
        name=found.text("name"),
        threads=found.whole("threads"),
        cores=found.optional(JsonTable.whole, "cores"),
        system=found.optional(JsonTable.text, "system"),
        python=found.optional(JsonTable.text, "python"),
        versions=found.optional(_texts, "versions"),
    )


def _texts(found: JsonTable, key: str) -> dict[str, str]:
    table = found.table(key)
    return {name: table.text(name) for name in table.names()}


def _selection(found: JsonTable, key: str) -> EpochSelection:
    table = found.table(key)
    table.require("epoch", "held_out", "scores", "last")
    last = table.table("last")
    scores = [EpochScore(p.whole("epoch"), p.number("score")) for p in table.tables("scores")]
    return EpochSelection(
        epoch=table.whole("epoch"),
        held_out=table.whole("held_out"),
        scores=tuple(scores),
        last=EpochMetrics(last.whole("epoch"), _metrics(last.table("metrics"))),
    )
