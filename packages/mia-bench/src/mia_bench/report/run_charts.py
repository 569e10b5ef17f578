"""Charts of one run: its scores, its losses, and the epoch that it chose."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.colors import TABLEAU_COLORS

from mia_bench.report.plots import ABNORMAL, NORMAL, POINTS
from mia_bench.report.small_chart import Bars, Curve, chart

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mia_bench.run_folder.records import EpochLosses, EpochSelection

BINS = 30
COLORS = [str(color) for color in TABLEAU_COLORS.values()]


def histogram(labels: np.ndarray, scores: np.ndarray) -> str:
    """Draw histograms of the scores of normal and abnormal images."""
    # A few extreme scores would squeeze all others into one bar.
    low, high = np.quantile(scores, [0, 0.995])
    edges = np.linspace(low, high if high > low else low + 1, BINS + 1)
    bars = []
    for label, name, color in ((0, "normal", NORMAL), (1, "abnormal", ABNORMAL)):
        counts, _ = np.histogram(np.clip(scores[labels == label], edges[0], edges[-1]), edges)
        bars.append(Bars(name, edges.tolist(), counts.tolist(), color))
    return chart(bars=bars, labels=("score", "images"))


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
    labels = ("epoch", "training loss")
    return chart(curves, labels=labels, whole=True, log=positive, legend=len(names) > 1)


def chosen_epoch(selection: EpochSelection) -> str:
    """Draw the score without labels of each epoch, and the epoch that was chosen."""
    epochs = [point.epoch for point in selection.scores]
    curve = Curve("score", epochs, [point.score for point in selection.scores], COLORS[0])
    labels = ("epoch", "score without labels")
    return chart([curve], labels=labels, whole=True, legend=False, dashed=selection.epoch)
