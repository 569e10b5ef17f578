"""What the page shows of a dataset: curves of all methods, and pictures of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mia_bench.leaderboard.rows import format_value
from mia_bench.report import pictures, plots
from mia_bench.report.epoch_selection import choice
from mia_bench.report.tables import anchor
from mia_bench.run_folder.gallery_npz import KINDS, Gallery

if TYPE_CHECKING:
    from mia_bench.leaderboard.rows import Row

KIND_TITLES = {
    "hit": "Abnormal, highest scores",
    "miss": "Abnormal, lowest scores",
    "false alarm": "Normal, highest scores",
    "quiet": "Normal, lowest scores",
}
LEVELS = 101  # positions of the threshold slider


def section(name: str, rows: list[Row]) -> dict[str, Any]:
    """A dataset; the first seed of each row stands for it in pictures and curves."""
    scores = {row.label: row.folders[0].read_scores()[1:] for row in rows}
    return {
        "name": name,
        "roc": plots.roc(scores),
        "pr": plots.precision_recall(scores),
        "methods": [_method(row, *scores[row.label]) for row in rows],
    }


def _method(row: Row, labels: np.ndarray, scores: np.ndarray) -> dict[str, Any]:
    result = row.results[0]
    return {
        "name": row.label,
        "seed": row.seeds[0],
        "anchor": anchor(row),
        "auroc": format_value(row.mean("auroc"), row.deviation("auroc")),
        "settings": result["settings"],
        "machine": result["machine"],
        "members": list(result.get("members", ())),
        "histogram": plots.histogram(labels, scores),
        "losses": plots.losses(result["losses"]) if result["losses"] else None,
        "choice": choice(row),
        "thresholds": _thresholds(labels, scores),
        "gallery": _gallery(Gallery.load(row.folders[0].gallery)),
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
