"""Curves as inline SVG, drawn by matplotlib; text takes the page's color."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, Literal

import matplotlib as mpl
import mia_metrics
import numpy as np
from matplotlib.figure import Figure
from matplotlib.rcsetup import cycler

from mia_bench.literal_text import visible

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from matplotlib.axes import Axes


AXIS = "#808080"  # readable on light and dark
NORMAL, ABNORMAL = "#3b82c4", "#d9622b"  # also apart for color-blind readers
POINTS = 200  # of a curve; more cannot be seen
SQUARE = (3.6, 3.4)
# Ten colors in one line style after the other, so that forty lines can be told apart.
LINES = cycler(linestyle=["-", "--", ":", "-."]) * mpl.rcParamsDefault["axes.prop_cycle"]
INSIDE, BESIDE = 6, 18  # names of a legend inside the axes, and below each other beside them
WIDER = 1.4  # inches for a column of names
LEFT, RIGHT, BELOW, ABOVE = 0.68, 0.08, 0.48, 0.08  # inches around the axes

_SHOWN = "|"  # the first character of a label that the legend shows

Corner = Literal["best", "upper right", "lower right", "lower left"]
Scores = tuple[np.ndarray, np.ndarray]  # labels, scores


def roc(scores: Mapping[str, Scores]) -> str:
    """Draw ROC curves, one line for each method."""

    def draw(axes: Axes) -> None:
        axes.set_prop_cycle(LINES)
        axes.plot([0, 1], [0, 1], color=AXIS, linewidth=0.8, linestyle=":")
        for name, (labels, values) in scores.items():
            curve = mia_metrics.roc_curve(labels, values)
            axes.plot(*_thin(curve.fpr, curve.tpr), label=legend_label(name))
        axes.set(xlabel="false positive rate", ylabel="true positive rate")

    return svg(draw, "roc", legend="lower right", size=SQUARE)


def precision_recall(scores: Mapping[str, Scores]) -> str:
    """Draw precision-recall curves, one line for each method."""

    def draw(axes: Axes) -> None:
        axes.set_prop_cycle(LINES)
        for name, (labels, values) in scores.items():
            curve = mia_metrics.pr_curve(labels, values)
            axes.plot(*_thin(curve.recall, curve.precision), label=legend_label(name))
        axes.set(xlabel="recall", ylabel="precision", ylim=(0, 1.02))

    return svg(draw, "pr", legend="lower left", size=SQUARE)


def _margins(width: float, height: float) -> dict[str, float]:
    """Return margins in shares of the size; a layout that fits them takes as long as the plot."""
    return {
        "left": LEFT / width,
        "right": 1 - RIGHT / width,
        "bottom": BELOW / height,
        "top": 1 - ABOVE / height,
    }


def _add_legend(figure: Figure, axes: Axes, loc: Corner) -> None:
    """Put the names at a corner inside the axes, or beside them where they are many."""
    handles, labels = axes.get_legend_handles_labels()
    if len(labels) <= INSIDE:
        legend = axes.legend(handles, labels, fontsize=8, loc=loc)
    else:
        columns = -(-len(labels) // BESIDE)
        figure.set_layout_engine("constrained")
        legend = figure.legend(
            handles, labels, loc="outside right upper", ncols=columns, fontsize=8
        )
        figure.set_figwidth(figure.get_figwidth() + WIDER * columns)
    for text in legend.get_texts():
        text.set_text(visible(text.get_text().removeprefix(_SHOWN)))


def legend_label(name: str) -> str:
    """Return the label of something that is drawn, for the legend to show its name as it is.

    By itself matplotlib leaves out names that begin with an underscore.
    """
    return f"{_SHOWN}{name}"


def _thin(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    keep = np.unique(np.linspace(0, len(x) - 1, POINTS).astype(int))
    return x[keep], y[keep]


def svg(
    draw: Callable[[Axes], None],
    salt: str,
    *,
    legend: Corner | None = None,
    size: tuple[float, float] = (3.6, 2.4),
    labeled: bool = True,
) -> str:
    """Return an <svg> element of ``size`` inches with what ``draw`` draws.

    ``legend`` is the corner of the names of what is drawn; None for no legend. ``labeled``: leave
    room for the labels of the axes.
    """
    style: dict[Any, Any] = {
        "svg.fonttype": "none",
        "svg.hashsalt": salt,
        "font.size": 9,
        "axes.edgecolor": AXIS,
        "xtick.color": AXIS,
        "ytick.color": AXIS,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "legend.frameon": False,
        "text.parse_math": False,  # names with $ are drawn as they are
    }
    with mpl.rc_context(style):
        figure = Figure(figsize=size)
        axes = figure.subplots()
        if labeled:
            figure.subplots_adjust(**_margins(*size))
        else:
            figure.subplots_adjust(left=0, right=1, bottom=0, top=1)
        draw(axes)
        if legend:
            _add_legend(figure, axes, legend)
        file = io.StringIO()
        figure.savefig(file, format="svg", transparent=True, metadata={"Date": None})
    text = file.getvalue()
    return text[text.index("<svg") :]
