"""The critical-difference diagram: methods by average rank; bars join those that may be equal.

Paper: Demsar, JMLR 7, 2006, https://jmlr.org/papers/v7/demsar06a.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mia_bench.literal_text import visible
from mia_bench.report.chart_style import ABNORMAL, AXIS, NORMAL, POINTS_PER_INCH
from mia_bench.report.svg_axes import FONT, SMALL, Box, text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mia_metrics import CriticalDifference

STEP = 1.0  # between two lines of the diagram
INCHES = 0.21  # of a step
WIDTH = 7.4
LETTER = 0.075  # inches that a letter of a name takes at most, on average
MOST_FOR_NAMES = 0.35  # of the width, on each side
SPACE = 0.01  # between a line and its name, as a share of the axis
ABOVE = 2.6  # steps above the axis
_MIDDLE = 0.35 * FONT  # points from the middle of a line of text to its foot


class _Canvas(NamedTuple):
    """Places of ranks and steps on the diagram, in points.

    Attributes:
        first: Rank at the left end.
        scale: Points for a rank.
        step: Points for a step.
    """

    first: float
    scale: float
    step: float

    def at(self, rank: float, step: float) -> tuple[str, str]:
        """Return the place of a rank, so many steps above the axis."""
        return f"{(rank - self.first) * self.scale:.1f}", f"{(ABOVE - step) * self.step:.1f}"

    def line(
        self, points: Sequence[tuple[float, float]], color: str = AXIS, width: float = 1.2
    ) -> str:
        """Return a line through points of rank and step."""
        path = "L".join(" ".join(self.at(*point)) for point in points)
        return f'<path d="M{path}" fill="none" stroke="{color}" stroke-width="{width:g}"/>'

    def text(self, words: str, rank: float, step: float, *, anchor: str) -> str:
        """Return a text whose middle is at a step."""
        x, y = self.at(rank, step)
        return text(words, x, f"{float(y) + _MIDDLE:.1f}", anchor=anchor)


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
    span = count - 1 + 2 * (reach + room)
    box = Box(WIDTH * POINTS_PER_INCH, INCHES * height * POINTS_PER_INCH)
    canvas = _Canvas(1 - reach - room, box.width / span, box.height / height)
    parts = [*_axis(canvas, count), *_difference(canvas, count, found.critical_difference or 0)]
    for number, group in enumerate(found.groups):
        ranks = [found.average_ranks[found.methods.index(name)] for name in group]
        y = -0.5 - 0.6 * number
        ends = [(min(ranks) - 0.01 * count, y), (max(ranks) + 0.01 * count, y)]
        parts.append(canvas.line(ends, NORMAL, 3.5))
    first = -0.8 - 0.6 * bars
    for number, (name, rank) in enumerate(
        zip(found.methods, found.average_ranks.tolist(), strict=True)
    ):
        on_left = number < left
        # The outermost method has the uppermost line, so that no two lines cross.
        y = first - STEP * (number if on_left else count - 1 - number)
        x = 1 - reach if on_left else count + reach
        parts.append(canvas.line([(rank, 0), (rank, y), (x, y)], width=0.9))
        words = f"{name}  {rank:.2f}" if on_left else f"{rank:.2f}  {name}"
        anchor, space = ("end", -SPACE) if on_left else ("start", SPACE)
        parts.append(canvas.text(words, x + space * count, y, anchor=anchor))
    return box.svg(parts)


def _axis(canvas: _Canvas, count: int) -> list[str]:
    parts = [canvas.line([(1, 0), (count, 0)])]
    for rank in range(1, count + 1, 1 + count // 15):
        parts.append(canvas.line([(rank, 0), (rank, 0.3)]))
        parts.append(text(str(rank), *canvas.at(rank, 0.45), anchor="middle", size=SMALL))
    return parts


def _difference(canvas: _Canvas, count: int, difference: float) -> list[str]:
    """Return the length of the critical difference above the axis."""
    y = 1.9
    ends = [[(end, y - 0.2), (end, y + 0.2)] for end in (1, 1 + difference)]
    lines = [[(1, y), (1 + difference, y)], *ends]
    name = f"critical difference {difference:.2f}"
    return [
        *(canvas.line(line, ABNORMAL, 2) for line in lines),
        canvas.text(name, 1 + difference + SPACE * count, y, anchor="start"),
    ]
