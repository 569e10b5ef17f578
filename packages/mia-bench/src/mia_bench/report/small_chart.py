"""Small charts as inline SVG, written as text: matplotlib takes 0.1 s for each of hundreds.

They look like those of ``plots``: the same size, colors, margins and type.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple
from xml.sax.saxutils import escape

from matplotlib.ticker import LogLocator, MaxNLocator

from mia_bench.literal_text import visible
from mia_bench.report.plots import ABOVE, AXIS, BELOW, LEFT, RIGHT

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDTH, HEIGHT = 259.2, 172.8  # points: 3.6 x 2.4 inches
_POINTS = 72  # an inch
_X = (LEFT * _POINTS, WIDTH - RIGHT * _POINTS)
_Y = (HEIGHT - BELOW * _POINTS, ABOVE * _POINTS)  # SVG counts from the top
_FONT, _SMALL = 9, 8
_TICK = 3.5
_MARGIN = 0.05  # of the range, on both sides of curves
_MOST_TICKS = 6
_LETTER = 4.9  # points that a small letter takes at most, on average
# For the legend above bars: share of the height that they leave free.
_ROOM = 0.2


class Curve(NamedTuple):
    """Line through points, and their mark if there is a single one."""

    name: str
    x: Sequence[float]
    y: Sequence[float]
    color: str


class Bars(NamedTuple):
    """Bars from the x axis up: ``len(edges) - 1`` heights."""

    name: str
    edges: Sequence[float]
    heights: Sequence[float]
    color: str


@dataclass(frozen=True)
class Axis:
    """The values at both ends of an axis, its ticks, and whether it is logarithmic."""

    low: float
    high: float
    ticks: tuple[float, ...]
    log: bool = False

    def share(self, value: float) -> float:
        """Return the place of a value: 0 at the low end, 1 at the high one."""
        if self.log:
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)


def chart(
    curves: Sequence[Curve] = (),
    *,
    bars: Sequence[Bars] = (),
    labels: tuple[str, str],
    whole: bool = False,
    log: bool = False,
    legend: bool = True,
    dashed: float | None = None,
) -> str:
    """Return a chart of curves or of bars, as an <svg> element.

    Args:
        curves: Curves of at least one point.
        bars: Bars, drawn half transparent over each other.
        labels: Names of the x and the y axis.
        whole: Ticks of the x axis are whole numbers.
        log: The y axis is logarithmic; all values are above 0.
        legend: Name curves and bars in the upper right corner.
        dashed: Place of a vertical dashed line on the x axis.
    """
    if bars:
        x = _axis([value for each in bars for value in each.edges])
        top = max(value for each in bars for value in each.heights)
        y = _axis([0, top * (1 + _ROOM)], margin=0)
    else:
        x = _axis([value for each in curves for value in each.x], whole=whole)
        y = _axis([value for each in curves for value in each.y], log=log)
    parts = [*_frame(x, y, labels), *(_drawn_bars(each, x, y) for each in bars)]
    parts += [_drawn_curve(each, x, y) for each in curves]
    if dashed is not None:
        place = _place(x.share(dashed), _X)
        parts.append(
            f'<line x1="{place}" y1="{_Y[0]:g}" x2="{place}" y2="{_Y[1]:g}" stroke="{AXIS}" '
            'stroke-dasharray="4 2"/>'
        )
    if legend:
        names = [(each.name, each.color) for each in curves]
        parts += _legend([*names, *((each.name, each.color) for each in bars)])
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}pt" height="{HEIGHT}pt" '
        f'viewBox="0 0 {WIDTH} {HEIGHT}" font-family="DejaVu Sans, sans-serif" '
        f'font-size="{_FONT}">{"".join(parts)}</svg>'
    )


def _axis(
    values: Sequence[float], *, whole: bool = False, log: bool = False, margin: float = _MARGIN
) -> Axis:
    """Return the axis of some values, with room at its ends."""
    low, high = min(values), max(values)
    if log:
        room = (high / low) ** margin if high > low else 2.0
        low, high = low / room, high * room
        inside = _inside(LogLocator().tick_values(low, high), low, high)
        if len(inside) < 2:
            inside = _inside(_locator(whole=whole).tick_values(low, high), low, high)
        return Axis(low, high, inside, log=True)
    room = margin * (high - low) if high > low else max(abs(low), 1.0) * _MARGIN
    low, high = low - room, high + room
    ticks = _inside(_locator(whole=whole).tick_values(low, high), low, high)
    return Axis(low, high, ticks)


def _locator(*, whole: bool) -> MaxNLocator:
    return MaxNLocator(_MOST_TICKS, integer=whole, min_n_ticks=1, steps=[1, 2, 2.5, 5, 10])


def _inside(ticks: Sequence[float], low: float, high: float) -> tuple[float, ...]:
    slack = 1e-9 * (high - low)  # ticks are rounded
    return tuple(float(tick) for tick in ticks if low - slack <= tick <= high + slack)


def _place(share: float, ends: tuple[float, float]) -> str:
    return f"{ends[0] + share * (ends[1] - ends[0]):.1f}"


def _frame(x: Axis, y: Axis, labels: tuple[str, str]) -> list[str]:
    """Return both axes with their ticks and names."""
    left, bottom = f"{_X[0]:g}", f"{_Y[0]:g}"
    lines = [f"M{left} {_Y[1]:g}V{bottom}H{_X[1]:g}"]
    texts = []
    for tick in x.ticks:
        place = _place(x.share(tick), _X)
        lines.append(f"M{place} {bottom}v{_TICK}")
        texts.append(_text(f"{tick:g}", place, f"{_Y[0] + 13:.1f}", anchor="middle"))
    for tick in y.ticks:
        place = _place(y.share(tick), _Y)
        lines.append(f"M{left} {place}h{-_TICK}")
        texts.append(
            _text(f"{tick:g}", f"{_X[0] - 6:.1f}", f"{float(place) + 3:.1f}", anchor="end")
        )
    middle = (_Y[0] + _Y[1]) / 2
    texts.append(_text(labels[0], f"{sum(_X) / 2:.1f}", f"{_Y[0] + 27:.1f}", anchor="middle"))
    turned = f' transform="rotate(-90 10 {middle:.1f})"'
    texts.append(_text(labels[1], "10", f"{middle:.1f}", anchor="middle", more=turned))
    return [f'<path d="{"".join(lines)}" fill="none" stroke="{AXIS}" stroke-width=".8"/>', *texts]


def _drawn_curve(curve: Curve, x: Axis, y: Axis) -> str:
    points = [
        f"{_place(x.share(a), _X)} {_place(y.share(b), _Y)}"
        for a, b in zip(curve.x, curve.y, strict=True)
    ]
    if len(points) == 1:  # a line of one point is nothing
        left, top = points[0].split()
        return f'<circle cx="{left}" cy="{top}" r="3" fill="{curve.color}"/>'
    return (
        f'<path d="M{"L".join(points)}" fill="none" stroke="{curve.color}" stroke-width="1.5" '
        'stroke-linejoin="round"/>'
    )


def _drawn_bars(bars: Bars, x: Axis, y: Axis) -> str:
    steps = []
    for low, high, height in zip(bars.edges[:-1], bars.edges[1:], bars.heights, strict=True):
        if height > 0:
            ends = _place(x.share(low), _X), _place(x.share(high), _X)
            steps.append(f"M{ends[0]} {_Y[0]:g}V{_place(y.share(height), _Y)}H{ends[1]}V{_Y[0]:g}z")
    return f'<path d="{"".join(steps)}" fill="{bars.color}" fill-opacity=".6"/>'


def _legend(entries: Sequence[tuple[str, str]]) -> list[str]:
    """Return names, each beside its color, below each other in the upper right corner."""
    width = _LETTER * max((len(name) for name, _ in entries), default=0)
    left = max(_X[0] + 4, _X[1] - width - 24)
    parts = []
    for number, (name, color) in enumerate(entries):
        top = _Y[1] + 4 + 12 * number
        parts.append(f'<rect x="{left:.1f}" y="{top:.1f}" width="16" height="5" fill="{color}"/>')
        parts.append(_text(name, f"{left + 21:.1f}", f"{top + 5.5:.1f}", size=_SMALL))
    return parts


def _text(
    text: str, x: str, y: str, *, anchor: str = "start", size: int | None = None, more: str = ""
) -> str:
    own = f' font-size="{size}"' if size else ""
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}"{own}{more}>{escape(visible(text))}</text>'
