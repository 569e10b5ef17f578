"""Sections of the page: for each dataset its images, all methods side by side, and each alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mia_bench.leaderboard.findings import describe_dataset
from mia_bench.report import rate_curves, run_charts
from mia_bench.report.dataset_facts import dataset_facts
from mia_bench.report.epoch_selection import selection_context
from mia_bench.report.galleries import draw_gallery
from mia_bench.report.method_facts import method_anchor, settings_text
from mia_bench.report.side_by_side import opening_images, side_by_side
from mia_bench.report.tables import anchor

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mia_bench.leaderboard.leaderboard import Leaderboard
    from mia_bench.leaderboard.rows import Row
    from mia_bench.report.masks import Masks
    from mia_bench.report.samples import RowSamples
    from mia_bench.run_folder.gallery_npz import Gallery

LEVELS = 101  # positions of the threshold slider


def dataset_section(
    leaderboard: Leaderboard,
    name: str,
    galleries: Mapping[tuple[str, str], Gallery],
    samples: RowSamples,
    masks: Masks,
) -> dict[str, Any]:
    """Return the section of a dataset; the first seed of each row stands for it."""
    rows = [row for row in leaderboard.rows if row.dataset == name]
    scores = {row.label: (row.runs[0].scores.labels, row.runs[0].scores.scores) for row in rows}
    kept = samples.of_dataset(rows)
    return {
        "name": name,
        "findings": describe_dataset(leaderboard, name),
        "facts": dataset_facts(name, rows),
        "opening": opening_images(rows, kept, masks),
        "side_by_side": side_by_side(rows, kept, masks),
        "roc": rate_curves.roc(scores),
        "pr": rate_curves.precision_recall(scores),
        "methods": [
            {
                "auroc": leaderboard.cells[row.key]["auroc"].text,
                **_method_block(row, *scores[row.label], galleries.get(row.key), masks),
            }
            for row in rows
        ],
    }


def _method_block(
    row: Row, labels: np.ndarray, scores: np.ndarray, gallery: Gallery | None, masks: Masks
) -> dict[str, Any]:
    record = row.runs[0].record
    return {
        "name": row.label,
        "seed": record.settings.seed,
        "anchor": anchor(row),
        "facts": method_anchor(row.label),
        "settings": settings_text(row),
        "machine": record.machine,
        "fused": bool(record.members),
        "histogram": run_charts.histogram(labels, scores),
        "losses": run_charts.losses(record.losses),
        "selection": selection_context(row),
        "thresholds": _thresholds(labels, scores),
        "gallery": [] if gallery is None else draw_gallery(gallery, masks),
    }


def _thresholds(labels: np.ndarray, scores: np.ndarray) -> dict[str, list[float]]:
    """Return each position's threshold, and the shares of images that score at least that."""
    values = np.quantile(scores, np.linspace(0, 1, LEVELS))
    at_least = scores[None] >= values[:, None]
    return {
        "threshold": [float(f"{value:.6g}") for value in values],
        "false_alarms": at_least[:, labels == 0].mean(1).round(4).tolist(),
        "hits": at_least[:, labels == 1].mean(1).round(4).tolist(),
    }
