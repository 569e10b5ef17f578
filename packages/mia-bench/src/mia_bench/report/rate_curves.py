"""ROC and precision-recall curves of all methods of a dataset, as inline SVG."""

from __future__ import annotations

from typing import TYPE_CHECKING

import mia_metrics
import numpy as np

from mia_bench.literal_text import visible
from mia_bench.report.chart_style import AXIS, COLORS, POINTS
from mia_bench.report.small_chart import Curve, chart
from mia_bench.report.svg_axes import LETTER, Box

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mia_bench.report.small_chart import Corner

    Scores = tuple[np.ndarray, np.ndarray]  # labels, scores

SIDES = 259.2, 244.8  # points: 3.6 x 3.4 inches
# Ten colors in one line style after the other, so that forty lines can be told apart.
STYLES = ("", "5.5 2.4", "1.5 2.5", "9.6 2.4 1.5 2.4")
INSIDE, BESIDE = 6, 18  # names of a legend inside the axes, and below each other beside them
_NAME = 34  # points of a column beside its longest name


def roc(scores: Mapping[str, Scores]) -> str:
    """Draw ROC curves, one line for each method."""
    found = {name: mia_metrics.roc_curve(*each) for name, each in scores.items()}
    points = {name: (each.fpr, each.tpr) for name, each in found.items()}
    chance = Curve("", [0, 1], [0, 1], AXIS, dashes="1 1.6", width=0.8)
    labels = ("false positive rate", "true positive rate")
    return _draw([chance, *_curves(points)], labels, "lower right")


def precision_recall(scores: Mapping[str, Scores]) -> str:
    """Draw precision-recall curves, one line for each method."""
    found = {name: mia_metrics.pr_curve(*each) for name, each in scores.items()}
    points = {name: (each.recall, each.precision) for name, each in found.items()}
    labels = ("recall", "precision")
    return _draw(_curves(points), labels, "lower left", y_range=(0, 1.02))


def _curves(points: Mapping[str, tuple[np.ndarray, np.ndarray]]) -> list[Curve]:
    """Return a curve of at most ``POINTS`` points for each method, with a style of its own."""
    curves = []
    for number, (name, (x, y)) in enumerate(points.items()):
        keep = np.unique(np.linspace(0, len(x) - 1, POINTS).astype(int))
        style = STYLES[number // len(COLORS) % len(STYLES)]
        color = COLORS[number % len(COLORS)]
        curves.append(Curve(name, x[keep].tolist(), y[keep].tolist(), color, style))
    return curves


def _draw(
    curves: list[Curve],
    labels: tuple[str, str],
    corner: Corner,
    y_range: tuple[float, float] | None = None,
) -> str:
    """Draw curves with their names inside the axes, or beside them where they are many."""
    names = [visible(each.name) for each in curves if each.name]
    columns = -(-len(names) // BESIDE) if len(names) > INSIDE else 0
    beside = columns * (_NAME + LETTER * max(map(len, names))) if columns else 0
    return chart(
        curves,
        labels=labels,
        legend=corner,
        box=Box(SIDES[0] + beside, SIDES[1], beside),
        y_range=y_range,
        most_in_column=BESIDE if columns else None,
    )
