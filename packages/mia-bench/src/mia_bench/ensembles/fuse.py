"""Fusion of the finished runs of a folder into runs of an ensemble."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import mia_metrics
import numpy as np
from filelock import Timeout

from mia_bench.ensembles.held_out import held_out_normals
from mia_bench.ensembles.members import METHOD, Member, align_scores
from mia_bench.ensembles.model import HELD_OUT
from mia_bench.errors import StudyError, unknown_name
from mia_bench.execution import evaluate
from mia_bench.run_folder import machine
from mia_bench.run_folder.folder import RunFolder
from mia_bench.run_folder.records import PeakMemory, RunRecord, StageSeconds
from mia_bench.run_folder.status import read_runs
from mia_bench.study.images import hash_images, load_split

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from mia_data import ImageSet

    from mia_bench.ensembles.model import Ensemble
    from mia_bench.run_folder.status import FinishedRun, RunStatus

Members = dict[str, Member]  # by label


class FusedPrediction(NamedTuple):
    """Scores and maps of an ensemble, in the form of a detector's prediction."""

    score: np.ndarray
    map: np.ndarray | None


class FusionOutcome(NamedTuple):
    """Names of the runs that were fused, and of those that were not, with the reason."""

    done: list[str]
    left_out: list[tuple[str, str]]


def fuse(
    out: Path, ensemble: Ensemble, *, root: str | None = None, device: str = "cpu"
) -> FusionOutcome:
    """Fuse methods on every dataset and with every seed of a folder that all of them have.

    Each is written as a run, ``DATASET/LABEL/seed-N``; an older fusion there is replaced. Maps are
    fused where all members have them of the same part of an image, at the size of the largest.

    Args:
        out: A study's folder.
        ensemble: The methods and the rule.
        root: Folder that holds the folders of registered datasets; None for where the runs read
            them, or where that is gone for the default.
        device: Where training images are scored, for the scale ``quantile``, and where models are
            trained for the scale ``held-out``; not ``"auto"``.

    Raises:
        StudyError: A method that the folder does not have, nothing that all of them have, or a
            folder of this name that is no fusion.
        DataError: A dataset that is missing.
    """
    runs = _by_seed(read_runs(out))
    labels = sorted({label for _, _, label in runs})
    for label in ensemble.members:
        if label not in labels:
            raise unknown_name(f"finished method of {out}", label, labels)
    outcome = FusionOutcome([], [])
    for dataset, seed in sorted({key[:2] for key in runs if key[2] in ensemble.members}):
        name = f"{dataset}/{ensemble.label}/seed-{seed}"
        missing = [label for label in ensemble.members if (dataset, seed, label) not in runs]
        if missing:
            outcome.left_out.append((name, f"{', '.join(missing)} not finished"))
            continue
        members = {label: Member.of(runs[dataset, seed, label], root) for label in ensemble.members}
        _write_fusion(RunFolder(out / name), ensemble, members, device)
        outcome.done.append(name)
    if not outcome.done:
        msg = f"no dataset and seed that all of {', '.join(ensemble.members)} have finished"
        raise StudyError(msg)
    return outcome


def _by_seed(runs: Iterable[RunStatus]) -> dict[tuple[str, int, str], FinishedRun]:
    """Return the finished runs by dataset, seed and label."""
    found = {}
    for each in runs:
        if each.run is not None:
            settings = each.run.record.settings
            found[settings.dataset, settings.seed, settings.label] = each.run
    return found


def _write_fusion(folder: RunFolder, ensemble: Ensemble, members: Members, device: str) -> None:
    """Write one run; run.json last, after the older one has gone."""
    if folder.path.exists() and any(folder.path.iterdir()):
        known = folder.read_settings()
        if known is None or known.method != METHOD:
            msg = f"will not overwrite {folder.path}, which is no fusion: choose another name"
            raise StudyError(msg)
    prediction, test, seconds = _predict(ensemble, members, device)
    measured = evaluate.measure(test, prediction)
    record = _make_record(ensemble, members, measured, seconds)
    folder.path.mkdir(parents=True, exist_ok=True)
    try:
        with folder.lock():
            folder.claim(record.settings)
            folder.result.unlink(missing_ok=True)
            evaluate.write_outputs(
                folder, record.settings.dataset, test, prediction, measured.pixels
            )
            folder.write_record(record)
            folder.finish()
    except Timeout as error:
        msg = f"another process is writing {folder.path}"
        raise StudyError(msg) from error


def _predict(
    ensemble: Ensemble, members: Members, device: str
) -> tuple[FusedPrediction, ImageSet, float]:
    """Return the prediction, the test images as the largest member sees them, and seconds."""
    ids, scores = align_scores(members)
    largest = _largest(members)
    test = load_split(largest.plan, "test")
    data = largest.run.record.data
    if list(test.ids) != ids or (data is not None and hash_images(test) != data.test_sha256):
        first = next(iter(members.values()))
        msg = f"the test images of {first.plan.dataset} are not those of {first.folder.path}"
        raise StudyError(msg)
    start = time.perf_counter()
    with_maps = len({each.frame for each in members.values()}) == 1 and largest.frame
    score = _combine(ensemble, scores, _score_normals(ensemble, members, device))
    heat = None
    if with_maps:
        side = largest.plan.image_size
        maps = {label: each.maps(side) for label, each in members.items()}
        heat = _combine(ensemble, maps, _score_normals(ensemble, members, device, with_maps=True))
    return FusedPrediction(score, heat), test, time.perf_counter() - start


def _score_normals(
    ensemble: Ensemble, members: Members, device: str, *, with_maps: bool = False
) -> dict[str, np.ndarray] | None:
    """Return scores of normal images, or pixels of their maps, where the scale needs them."""
    found: dict[str, Any] = {}
    if ensemble.scale == "quantile":
        for label, each in members.items():
            prediction = each.predict_normals(device, with_maps=with_maps)
            found[label] = prediction.map if with_maps else prediction.score
    elif ensemble.scale == HELD_OUT:
        for label, each in members.items():
            normals = held_out_normals(each, device)
            found[label] = normals.pixels if with_maps else normals.scores
    return found or None


def _combine(
    ensemble: Ensemble, values: dict[str, np.ndarray], normals: dict[str, np.ndarray] | None
) -> np.ndarray:
    # Both scales of normal images are quantiles among them.
    scale = "quantile" if ensemble.scale == HELD_OUT else ensemble.scale
    fused = mia_metrics.fuse(values, scale=scale, combine=ensemble.combine, train_scores=normals)
    return fused.astype(np.float32)


def _largest(members: Members) -> Member:
    return max(members.values(), key=lambda each: each.plan.image_size)


def _make_record(
    ensemble: Ensemble, members: Members, measured: evaluate.Measurements, seconds: float
) -> RunRecord:
    """Return the record; an ensemble costs its members' time, but memory one after another."""
    records = [each.run.record for each in members.values()]
    largest = _largest(members).run.record
    spent = [record.seconds for record in records]
    parameters = [record.parameters for record in records if record.parameters is not None]
    options = {"scale": ensemble.scale, "combine": ensemble.combine}
    return RunRecord(
        settings=replace(
            largest.settings,
            label=ensemble.label,
            method=METHOD,
            options=options,
            epochs=None,
            select=None,
        ),
        members={label: each.scores_sha256 for label, each in members.items()},
        metrics=measured.metrics,
        intervals=measured.intervals,
        images=largest.images,
        data=largest.data,
        losses=(),
        seconds=StageSeconds(
            load=round(sum(each.load for each in spent), 3),
            fit=round(sum(each.fit for each in spent), 3),
            predict=round(sum(each.predict for each in spent) + seconds, 3),
            metrics=round(sum(each.metrics for each in spent), 3),
        ),
        peak_memory=PeakMemory.largest([record.peak_memory for record in records]),
        parameters=sum(parameters) if len(parameters) == len(records) else None,
        machine=largest.machine,
        finished=machine.now(),
    )
