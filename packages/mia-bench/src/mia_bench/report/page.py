"""report.html of a study's folder."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import jinja2
import numpy as np

from mia_bench.files import write_text
from mia_bench.gallery import KINDS, Gallery
from mia_bench.leaderboard import METRICS, ORACLE_NOTE, TITLES, Row, find_runs, format_value
from mia_bench.report import pictures, plots
from mia_bench.runfolder import RunFolder, State

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

KIND_TITLES = {
    "hit": "Abnormal, highest scores",
    "miss": "Abnormal, lowest scores",
    "false alarm": "Normal, highest scores",
    "quiet": "Normal, lowest scores",
}
LEVELS = 101  # positions of the threshold slider


def write_report(out: Path, rows: list[Row]) -> Path:
    """Write report.html; the rows are those of ``leaderboard.gather``."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("mia_bench.report", "."),
        autoescape=jinja2.select_autoescape(["html.j2"]),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    text = environment.get_template("page.html.j2").render(
        title=out.resolve().name,
        version=version("mia-bench"),
        metrics=[(metric, TITLES[metric]) for metric in _shown(rows)],
        oracle_note=ORACLE_NOTE,
        rows=[_table_row(row) for row in rows],
        datasets=[_dataset(out, name, group) for name, group in _by_dataset(rows)],
        unfinished=_unfinished(out),
    )
    path = out / "report.html"
    write_text(path, text)
    return path


def _shown(rows: Iterable[Row]) -> list[str]:
    return [m for m in METRICS if any(row.mean(m) is not None for row in rows)]


def _by_dataset(rows: list[Row]) -> list[tuple[str, list[Row]]]:
    names = dict.fromkeys(row.dataset for row in rows)
    return [(name, [row for row in rows if row.dataset == name]) for name in names]


def _table_row(row: Row) -> dict[str, Any]:
    return {
        "dataset": row.dataset,
        "method": row.label,
        "seeds": len(row.results),
        "values": {m: (row.mean(m), format_value(row.mean(m), row.deviation(m))) for m in METRICS},
        "fit": row.seconds("fit"),
        "predict": row.seconds("predict"),
        "memory": row.memory() / 2**20,
        "anchor": _anchor(row),
    }


def _anchor(row: Row) -> str:
    return f"{row.dataset}--{row.label}"


def _folder(out: Path, row: Row) -> RunFolder:
    """The folder of the row's first seed, which stands for it in pictures and curves."""
    return RunFolder(out / row.dataset / row.label / f"seed-{row.seeds[0]}")


def _dataset(out: Path, name: str, rows: list[Row]) -> dict[str, Any]:
    scores = {row.label: _folder(out, row).read_scores()[1:] for row in rows}
    return {
        "name": name,
        "roc": plots.roc(scores),
        "pr": plots.precision_recall(scores),
        "methods": [_method(out, row, *scores[row.label]) for row in rows],
    }


def _method(out: Path, row: Row, labels: np.ndarray, scores: np.ndarray) -> dict[str, Any]:
    folder = _folder(out, row)
    result = row.results[0]
    return {
        "name": row.label,
        "seed": row.seeds[0],
        "anchor": _anchor(row),
        "auroc": format_value(row.mean("auroc"), row.deviation("auroc")),
        "settings": result["settings"],
        "machine": result["machine"],
        "histogram": plots.histogram(labels, scores),
        "losses": plots.losses(result["losses"]) if result["losses"] else None,
        "thresholds": _thresholds(labels, scores),
        "gallery": _gallery(Gallery.load(folder.gallery)),
    }


def _thresholds(labels: np.ndarray, scores: np.ndarray) -> dict[str, list[float]]:
    """For each position of the slider: the threshold, and the shares of images at or above it."""
    values = np.quantile(scores, np.linspace(0, 1, LEVELS))
    at_least = scores[None] >= values[:, None]
    return {
        "threshold": [float(f"{value:.6g}") for value in values],
        "false_alarms": at_least[:, labels == 0].mean(1).round(4).tolist(),
        "hits": at_least[:, labels == 1].mean(1).round(4).tolist(),
    }


def _gallery(gallery: Gallery) -> list[dict[str, Any]]:
    rows: dict[str, list[dict[str, Any]]] = {kind: [] for kind in KINDS}
    for i, kind in enumerate(gallery.kinds.tolist()):
        mask = gallery.masks[i] if gallery.masks.size else None
        heat = None
        if gallery.maps.size:
            low, high = gallery.map_range.tolist()
            heat = pictures.overlay(gallery.images[i], gallery.maps[i], (low, high), mask)
        picture = {
            "id": str(gallery.ids[i]),
            "score": float(gallery.scores[i]),
            "label": "abnormal" if gallery.labels[i] else "normal",
            "image": pictures.picture(gallery.images[i], mask),
            "heat": heat,
        }
        rows[kind].append(picture)
    return [{"title": KIND_TITLES[kind], "pictures": found} for kind, found in rows.items()]


def _unfinished(out: Path) -> list[dict[str, str]]:
    """Runs of the folder that have not finished, and why."""
    found = []
    for folder in find_runs(out):
        state = folder.state()
        if state is not State.FINISHED:
            why = folder.read_failure()["error"] if state is State.FAILED else ""
            name = folder.path.relative_to(out).as_posix()
            found.append({"name": name, "state": state.value, "why": why})
    return found
