"""Charts of one run: its scores, its losses, and the epoch that it chose."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from mia_bench.report.chart_style import ABNORMAL, COLORS, NORMAL, POINTS
from mia_bench.report.score_range import score_range
from mia_bench.report.small_chart import Bars, Curve, Mark, chart

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mia_bench.run_folder.records import EpochLosses, EpochSelection

BINS = 30


class Histogram(NamedTuple):
    """A histogram, and a sentence on the scores that lie beyond it."""

    svg: str
    note: str


def histogram(labels: np.ndarray, scores: np.ndarray) -> Histogram:
    """Draw histograms of the scores of normal and abnormal images."""
    normal, abnormal = (scores[labels == label] for label in (0, 1))
    found = score_range(normal, abnormal)
    edges = np.linspace(found.low, found.high, BINS + 1)
    bars = []
    for own, name, color in ((normal, "normal", NORMAL), (abnormal, "abnormal", ABNORMAL)):
        counts, _ = np.histogram(np.clip(own, edges[0], edges[-1]), edges)
        bars.append(Bars(name, edges.tolist(), counts.tolist(), color))
    return Histogram(chart(bars=bars, labels=("score", "images")), found.note)


def losses(curve: Sequence[EpochLosses]) -> str | None:
    """Draw the losses of each epoch; None where there are none."""
    names = list(dict.fromkeys(name for point in curve for name in point.losses))
    if not names:
        return None
    curves = []
    for number, name in enumerate(names):
        points = [(point.epoch, point.losses[name]) for point in curve if name in point.losses]
        keep = np.unique(np.linspace(0, len(points) - 1, POINTS).astype(int))
        x, y = zip(*(points[i] for i in keep), strict=True)
        curves.append(Curve(name, x, y, COLORS[number % len(COLORS)]))
    positive = min(value for each in curves for value in each.y) > 0
    return chart(
        curves,
        labels=("epoch", "training loss"),
        whole=True,
        log=positive,
        legend="upper right" if len(names) > 1 else None,
    )


def chosen_epoch(selection: EpochSelection) -> str:
    """Draw the score without labels of each epoch, and the epoch that was chosen."""
    epochs = [point.epoch for point in selection.scores]
    curve = Curve("score", epochs, [point.score for point in selection.scores], COLORS[0])
    labels = ("epoch", "score without labels")
    return chart([curve], labels=labels, whole=True, legend=None, mark=Mark(selection.epoch))
