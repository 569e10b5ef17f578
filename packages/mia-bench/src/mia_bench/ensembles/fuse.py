"""From the finished runs of a folder to the runs of an ensemble."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, NamedTuple

import mia_metrics
import numpy as np
from filelock import Timeout

from mia_bench.ensembles.members import METHOD, Member, aligned
from mia_bench.errors import StudyError, unknown_name
from mia_bench.execution import evaluate, machine
from mia_bench.execution.execute import load_split
from mia_bench.files import write_json
from mia_bench.leaderboard.rows import gather
from mia_bench.run_folder.folder import RunFolder
from mia_bench.run_folder.run_json import FORMAT

if TYPE_CHECKING:
    from pathlib import Path

    from mia_data import ImageSet

    from mia_bench.ensembles.model import Ensemble

Members = dict[str, Member]  # by label


class Fused(NamedTuple):
    """Scores and maps of an ensemble, in the form of a detector's prediction."""

    score: np.ndarray
    map: np.ndarray | None


class Outcome(NamedTuple):
    """Names of the runs that were fused, and of those that were not, with the reason."""

    done: list[str]
    left_out: list[tuple[str, str]]


def fuse(out: Path, ensemble: Ensemble, *, root: str | None = None, device: str = "cpu") -> Outcome:
    """Fuse methods on every dataset and with every seed of a folder that all of them have.

    Each is written as a run, ``DATASET/LABEL/seed-N``; an older fusion there is replaced. Maps are
    fused where all members have them of the same part of an image, at the size of the largest.

    Args:
        out: A study's folder.
        ensemble: What to fuse.
        root: Where the datasets' folders lie; None: the default.
        device: Where training images are scored, for the scale ``quantile``; no ``"auto"``.

    Raises:
        StudyError: A method that the folder does not have, nothing that all of them have, or a
            folder of this name that is no fusion.
        DataError: A dataset that is missing.
    """
    finished = {
        (row.dataset, seed, row.label): folder
        for row in gather(out)
        for seed, folder in zip(row.seeds, row.folders, strict=True)
    }
    labels = sorted({label for _, _, label in finished})
    for label in ensemble.members:
        if label not in labels:
            raise unknown_name(f"finished method of {out}", label, labels)
    outcome = Outcome([], [])
    for dataset, seed in sorted({key[:2] for key in finished if key[2] in ensemble.members}):
        name = f"{dataset}/{ensemble.label}/seed-{seed}"
        missing = [m for m in ensemble.members if (dataset, seed, m) not in finished]
        if missing:
            outcome.left_out.append((name, f"{', '.join(missing)} not finished"))
            continue
        folders = {label: finished[dataset, seed, label] for label in ensemble.members}
        _fuse(RunFolder(out / name), ensemble, folders, root, device)
        outcome.done.append(name)
    if not outcome.done:
        msg = f"no dataset and seed that all of {', '.join(ensemble.members)} have finished"
        raise StudyError(msg)
    return outcome


def _fuse(
    folder: RunFolder,
    ensemble: Ensemble,
    folders: dict[str, RunFolder],
    root: str | None,
    device: str,
) -> None:
    """Write one run; run.json last, after the older one has gone."""
    if folder.path.exists() and any(folder.path.iterdir()):
        known = folder.read_settings()
        if known is None or known["method"] != METHOD:
            msg = f"will not overwrite {folder.path}, which is no fusion: choose another name"
            raise StudyError(msg)
    members = {label: Member.read(each) for label, each in folders.items()}
    prediction, test, seconds = _predict(ensemble, members, root, device)
    measured = evaluate.measure(test, prediction)
    result = _result(ensemble, members, measured, seconds)
    folder.path.mkdir(parents=True, exist_ok=True)
    try:
        with folder.lock():
            folder.claim(result["settings"])
            folder.result.unlink(missing_ok=True)
            evaluate.write(folder, test, prediction, measured.pixels)
            write_json(folder.result, result)
            folder.finish()
    except Timeout as error:
        msg = f"another process is writing {folder.path}"
        raise StudyError(msg) from error


def _predict(
    ensemble: Ensemble, members: Members, root: str | None, device: str
) -> tuple[Fused, ImageSet, float]:
    """The ensemble's prediction, the test images as its largest member sees them, seconds."""
    ids, scores = aligned(members)
    largest = _largest(members)
    test = load_split(largest.run, "test", root)
    if list(test.ids) != ids:
        first = next(iter(members.values()))
        msg = f"the test images of {first.run.dataset} are not those that {first.folder.path} has"
        raise StudyError(msg)
    start = time.perf_counter()
    with_maps = len({each.frame for each in members.values()}) == 1 and largest.frame
    normals: dict[str, Any] = {}
    if ensemble.scale == "quantile":
        for label, each in members.items():
            normals[label] = each.predict_normals(root, device, with_maps=False).score
    score = _combine(ensemble, scores, normals)
    heat = None
    if with_maps:
        for label in normals:
            normals[label] = members[label].predict_normals(root, device, with_maps=True).map
        side = largest.run.image_size
        maps = {label: each.maps(side) for label, each in members.items()}
        heat = _combine(ensemble, maps, normals)
    return Fused(score, heat), test, time.perf_counter() - start


def _combine(
    ensemble: Ensemble, values: dict[str, np.ndarray], normals: dict[str, np.ndarray]
) -> np.ndarray:
    fused = mia_metrics.fuse(
        values, scale=ensemble.scale, combine=ensemble.combine, train_scores=normals or None
    )
    return fused.astype(np.float32)


def _largest(members: Members) -> Member:
    return max(members.values(), key=lambda each: each.run.image_size)


def _result(
    ensemble: Ensemble, members: Members, measured: evaluate.Measured, seconds: float
) -> dict[str, Any]:
    """run.json; an ensemble costs what its members cost together, but memory one after another."""
    results = [each.result for each in members.values()]
    largest = _largest(members)
    spent = {
        stage: round(sum(result["seconds"][stage] for result in results), 3)
        for stage in ("load", "fit", "predict", "metrics")
    }
    peaks = [result["peak_memory"] for result in results]
    parameters = [result.get("parameters") for result in results]
    return {
        "format": FORMAT,
        "settings": {
            "dataset": largest.run.dataset,
            "label": ensemble.label,
            "method": METHOD,
            "seed": largest.run.seed,
            "image_size": largest.run.image_size,
            "channels": largest.run.channels,
            "resize": largest.run.resize,
            "options": {"scale": ensemble.scale, "combine": ensemble.combine},
        },
        "members": {label: each.scores_sha256 for label, each in members.items()},
        "metrics": measured.metrics,
        "intervals": measured.intervals,
        "images": largest.result["images"],
        "losses": [],
        "seconds": {**spent, "predict": round(spent["predict"] + seconds, 3)},
        "peak_memory": {
            device: max(peak.get(device, 0) for peak in peaks)
            for device in sorted({device for peak in peaks for device in peak})
        },
        "parameters": None if None in parameters else sum(parameters),
        "machine": largest.result["machine"],
        "finished": machine.now(),
    }
