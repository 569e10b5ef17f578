"""Charts of curves or bars as inline SVG, written as text: matplotlib takes 0.1 s for each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from mia_bench.report.chart_style import AXIS
from mia_bench.report.svg_axes import LETTER, SMALL, Axis, Box, axis, frame, text

if TYPE_CHECKING:
    from collections.abc import Sequence

BOX = Box(259.2, 172.8)  # points: 3.6 x 2.4 inches
DASHES = "4 2"
_LINE = 12  # points from a name of a legend to the next
_SWATCH = 16  # points of the line beside a name
_GAP = 21  # points from the start of that line to the name
_ROOM = 0.1  # share of the height that bars leave free for each name of the legend

Corner = Literal["upper right", "lower right", "lower left"]


class Curve(NamedTuple):
    """Line through points, and their mark if there is a single one.

    Attributes:
        name: Its name in the legend; empty for none.
        x: Values on the x axis.
        y: Values on the y axis.
        color: Its color.
        dashes: Lengths of lines and gaps in points; empty for a whole line.
        width: Of the line, in points.
    """

    name: str
    x: Sequence[float]
    y: Sequence[float]
    color: str
    dashes: str = ""
    width: float = 1.5


class Bars(NamedTuple):
    """Bars from the x axis up: ``len(edges) - 1`` heights."""

    name: str
    edges: Sequence[float]
    heights: Sequence[float]
    color: str


class Mark(NamedTuple):
    """A vertical dashed line, and its name in the legend; empty for none."""

    x: float
    name: str = ""


class _Entry(NamedTuple):
    """A name of the legend, and how its line looks."""

    name: str
    color: str
    width: float = 5
    dashes: str = ""


def chart(
    curves: Sequence[Curve] = (),
    *,
    bars: Sequence[Bars] = (),
    labels: tuple[str, str],
    whole: bool = False,
    log: bool = False,
    legend: Corner | None = "upper right",
    mark: Mark | None = None,
    box: Box = BOX,
    y_range: tuple[float, float] | None = None,
    most_in_column: int | None = None,
) -> str:
    """Return a chart of curves or of bars, as an <svg> element.

    Args:
        curves: Curves of at least one point.
        bars: Bars, drawn half transparent over each other.
        labels: Names of the x and the y axis.
        whole: Ticks of the x axis are whole numbers.
        log: The y axis is logarithmic; all values are above 0.
        legend: Corner of the names of curves and bars; None for no names.
        mark: A vertical line.
        box: Size and margins.
        y_range: The values at the ends of the y axis; None for those that are drawn.
        most_in_column: Names below each other, where the legend stands in the room beside the axes.
    """
    entries = [_Entry(each.name, each.color, 2, each.dashes) for each in curves if each.name]
    entries += [_Entry(each.name, each.color) for each in bars]
    if mark is not None and mark.name:
        entries.append(_Entry(mark.name, AXIS, 1, DASHES))
    if bars:
        x = axis([value for each in bars for value in each.edges])
        top = max(value for each in bars for value in each.heights)
        y = axis([0, top * (1 + _ROOM * len(entries))], margin=0)
    else:
        x = axis([value for each in curves for value in each.x], whole=whole)
        y = axis([value for each in curves for value in each.y], log=log)
    if y_range is not None:
        y = axis(y_range, margin=0)
    parts = [*frame(x, y, box, labels), *(_drawn_bars(each, x, y, box) for each in bars)]
    parts += [_drawn_curve(each, x, y, box) for each in curves]
    if mark is not None:
        parts.append(_drawn_mark(mark, x, box))
    if legend and most_in_column is None:
        parts += _legend(entries, _corner(entries, legend, box))
    elif legend and most_in_column is not None:
        parts += _legend_beside(entries, box, most_in_column)
    return box.svg(parts)


def _drawn_mark(mark: Mark, x: Axis, box: Box) -> str:
    place = x.place(mark.x, box.x)
    return (
        f'<line x1="{place}" y1="{box.y[0]:g}" x2="{place}" y2="{box.y[1]:g}" stroke="{AXIS}" '
        f'stroke-dasharray="{DASHES}"/>'
    )


def _drawn_curve(curve: Curve, x: Axis, y: Axis, box: Box) -> str:
    points = [
        f"{x.place(a, box.x)} {y.place(b, box.y)}" for a, b in zip(curve.x, curve.y, strict=True)
    ]
    if len(points) == 1:  # a line of one point is nothing
        left, top = points[0].split()
        return f'<circle cx="{left}" cy="{top}" r="3" fill="{curve.color}"/>'
    return (
        f'<path d="M{"L".join(points)}" fill="none" stroke="{curve.color}" '
        f'stroke-width="{curve.width:g}"{_dashed(curve.dashes)} stroke-linejoin="round"/>'
    )


def _dashed(dashes: str) -> str:
    return f' stroke-dasharray="{dashes}"' if dashes else ""


def _drawn_bars(bars: Bars, x: Axis, y: Axis, box: Box) -> str:
    steps = []
    for low, high, height in zip(bars.edges[:-1], bars.edges[1:], bars.heights, strict=True):
        if height > 0:
            ends = x.place(low, box.x), x.place(high, box.x)
            bottom = f"{box.y[0]:g}"
            steps.append(f"M{ends[0]} {bottom}V{y.place(height, box.y)}H{ends[1]}V{bottom}z")
    return f'<path d="{"".join(steps)}" fill="{bars.color}" fill-opacity=".6"/>'


def _corner(entries: Sequence[_Entry], corner: Corner, box: Box) -> tuple[float, float]:
    """Return the left and upper end of a legend inside the axes."""
    width = LETTER * max((len(entry.name) for entry in entries), default=0)
    right = max(box.x[0] + 4, box.x[1] - width - 24)
    left = box.x[0] + 8 if corner == "lower left" else right
    upper = box.y[1] + 4
    return left, upper if corner == "upper right" else box.y[0] - _LINE * len(entries) - 4


def _legend_beside(entries: Sequence[_Entry], box: Box, most: int) -> list[str]:
    """Return a legend in columns beside the axes."""
    columns = [entries[start : start + most] for start in range(0, len(entries), most)]
    parts = []
    for number, column in enumerate(columns):
        left = box.x[1] + 8 + number * box.beside / len(columns)
        parts += _legend(column, (left, box.y[1]))
    return parts


def _legend(entries: Sequence[_Entry], place: tuple[float, float]) -> list[str]:
    """Return names, each beside its color, below each other."""
    left, top = place
    parts = []
    for number, entry in enumerate(entries):
        middle = top + _LINE * number + 2.5
        parts.append(
            f'<path d="M{left:.1f} {middle:.1f}h{_SWATCH}" stroke="{entry.color}" '
            f'stroke-width="{entry.width:g}"{_dashed(entry.dashes)}/>'
        )
        parts.append(text(entry.name, f"{left + _GAP:.1f}", f"{middle + 3:.1f}", size=SMALL))
    return parts
