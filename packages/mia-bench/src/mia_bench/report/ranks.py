"""The critical-difference diagram: methods by average rank; bars join those that may be equal.

Paper: Demsar, JMLR 7, 2006, https://jmlr.org/papers/v7/demsar06a.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mia_bench.literal_text import visible
from mia_bench.report import plots

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from mia_metrics import CriticalDifference

STEP = 1.0  # between two lines of the diagram
INCHES = 0.21  # of a step
WIDTH = 7.4
LETTER = 0.075  # inches that a letter of a name takes at most, on average
MOST_FOR_NAMES = 0.35  # of the width, on each side
SPACE = 0.01  # between a line and its name, as a share of the axis


def diagram(found: CriticalDifference) -> str:
    """Return the diagram as SVG; the best method is on the left."""
    count = len(found.methods)
    left = (count + 1) // 2
    bars = len(found.groups)
    height = 3.2 + bars * 0.6 + left * STEP
    reach = 0.08 * (count - 1)  # from the axis to the names beside it
    longest = max(len(visible(name)) for name in found.methods)
    share = min(MOST_FOR_NAMES, LETTER * (longest + len("  1.00")) / WIDTH)  # of each side's names
    room = share * (count - 1 + 2 * reach) / (1 - 2 * share)

    def draw(axes: Axes) -> None:
        axes.set(xlim=(1 - reach - room, count + reach + room), ylim=(-height + 2.6, 2.6))
        axes.axis("off")
        _draw_axis(axes, count)
        _draw_difference(axes, count, found.critical_difference or 0)
        for number, group in enumerate(found.groups):
            ends = [found.average_ranks[found.methods.index(name)] for name in group]
            y = -0.5 - 0.6 * number
            span = [min(ends) - 0.01 * count, max(ends) + 0.01 * count]
            axes.plot(span, [y, y], color=plots.NORMAL, linewidth=3.5, solid_capstyle="butt")
        first = -0.8 - 0.6 * bars
        for number, (name, rank) in enumerate(
            zip(found.methods, found.average_ranks.tolist(), strict=True)
        ):
            on_left = number < left
            # The outermost method has the uppermost line, so that no two lines cross.
            y = first - STEP * (number if on_left else count - 1 - number)
            x = 1 - reach if on_left else count + reach
            axes.plot([rank, rank, x], [0, y, y], color=plots.AXIS, linewidth=0.9)
            shown = visible(name)
            text = f"{shown}  {rank:.2f}" if on_left else f"{rank:.2f}  {shown}"
            side, space = ("right", -SPACE) if on_left else ("left", SPACE)
            axes.text(x + space * count, y, text, ha=side, va="center", fontsize=9)

    return plots.svg(draw, "ranks", size=(WIDTH, INCHES * height), labeled=False)


def _draw_axis(axes: Axes, count: int) -> None:
    axes.plot([1, count], [0, 0], color=plots.AXIS, linewidth=1.2)
    every = 1 + count // 15
    for rank in range(1, count + 1, every):
        axes.plot([rank, rank], [0, 0.3], color=plots.AXIS, linewidth=1.2)
        axes.text(rank, 0.45, str(rank), ha="center", va="bottom", fontsize=8)


def _draw_difference(axes: Axes, count: int, difference: float) -> None:
    """Draw the length of the critical difference above the axis."""
    y = 1.9
    axes.plot([1, 1 + difference], [y, y], color=plots.ABNORMAL, linewidth=2)
    for end in (1, 1 + difference):
        axes.plot([end, end], [y - 0.2, y + 0.2], color=plots.ABNORMAL, linewidth=2)
    name = f"critical difference {difference:.2f}"
    axes.text(1 + difference + SPACE * count, y, name, ha="left", va="center", fontsize=8)
