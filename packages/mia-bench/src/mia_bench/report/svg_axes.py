"""Axes of a chart as SVG text: the place of a value, ticks and names."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from matplotlib.ticker import LogLocator, MaxNLocator

from mia_bench.literal_text import visible
from mia_bench.report.chart_style import ABOVE, AXIS, BELOW, LEFT, POINTS_PER_INCH, RIGHT

if TYPE_CHECKING:
    from collections.abc import Sequence

FONT, SMALL = 9, 8
LETTER = 4.9  # points that a small letter takes at most, on average
_TICK = 3.5
_MARGIN = 0.05  # of the range, on both sides of curves
_MOST_TICKS = 6


@dataclass(frozen=True)
class Box:
    """The size of a chart in points, with the margins around its axes.

    Attributes:
        width: Of the chart.
        height: Of the chart.
        beside: Room on the right of the axes for a legend.
    """

    width: float
    height: float
    beside: float = 0.0

    @property
    def x(self) -> tuple[float, float]:
        """The left and right end of the axes."""
        return LEFT * POINTS_PER_INCH, self.width - RIGHT * POINTS_PER_INCH - self.beside

    @property
    def y(self) -> tuple[float, float]:
        """The lower and upper end of the axes; SVG counts from the top."""
        return self.height - BELOW * POINTS_PER_INCH, ABOVE * POINTS_PER_INCH

    def svg(self, parts: Sequence[str]) -> str:
        """Return an <svg> element of this size."""
        width, height = f"{self.width:g}", f"{self.height:g}"
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}pt" height="{height}pt" '
            f'viewBox="0 0 {width} {height}" font-family="DejaVu Sans, sans-serif" '
            f'font-size="{FONT}">{"".join(parts)}</svg>'
        )


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

    def place(self, value: float, ends: tuple[float, float]) -> str:
        """Return the place of a value between two ends in points."""
        return f"{ends[0] + self.share(value) * (ends[1] - ends[0]):.1f}"


def axis(
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


def frame(x: Axis, y: Axis, box: Box, labels: tuple[str, str]) -> list[str]:
    """Return both axes with their ticks and names."""
    left, bottom = f"{box.x[0]:g}", f"{box.y[0]:g}"
    lines = [f"M{left} {box.y[1]:g}V{bottom}H{box.x[1]:g}"]
    texts = []
    for tick in x.ticks:
        place = x.place(tick, box.x)
        lines.append(f"M{place} {bottom}v{_TICK}")
        texts.append(text(f"{tick:g}", place, f"{box.y[0] + 13:.1f}", anchor="middle"))
    for tick in y.ticks:
        place = y.place(tick, box.y)
        lines.append(f"M{left} {place}h{-_TICK}")
        texts.append(
            text(f"{tick:g}", f"{box.x[0] - 6:.1f}", f"{float(place) + 3:.1f}", anchor="end")
        )
    middle = sum(box.y) / 2
    texts.append(text(labels[0], f"{sum(box.x) / 2:.1f}", f"{box.y[0] + 27:.1f}", anchor="middle"))
    turned = f' transform="rotate(-90 10 {middle:.1f})"'
    texts.append(text(labels[1], "10", f"{middle:.1f}", anchor="middle", more=turned))
    return [f'<path d="{"".join(lines)}" fill="none" stroke="{AXIS}" stroke-width=".8"/>', *texts]


def text(
    text: str, x: str, y: str, *, anchor: str = "start", size: int | None = None, more: str = ""
) -> str:
    """Return a <text> element; the text stands as it is."""
    own = f' font-size="{size}"' if size else ""
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}"{own}{more}>{escape(visible(text))}</text>'
