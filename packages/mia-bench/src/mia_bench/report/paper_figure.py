"""The figure of a study: methods down, datasets across, reconstruction and map of each."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from mia_bench.files import atomic
from mia_bench.literal_text import visible
from mia_bench.report.figure_grid import (
    BAR,
    BAR_LABELS,
    EDGE,
    HEADING,
    LABEL_GAP,
    NOTE_LINE,
    PANEL_GAP,
    TITLE,
    Grid,
    figure_notes,
    lay_out,
)
from mia_bench.report.pictures import rgb
from mia_bench.report.samples import shows_most

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.axes import Axes

    from mia_bench.report.figure_content import FigureContent

FORMATS = ("png", "pdf", "svg")
WIDTH = 7.2  # inches: the text of a page with two columns
COLORS = "inferno"
FONT, SMALL = 8, 7  # points
DPI = 300

_MISSING = "#b0b0b0"

# How the file is drawn: text stays text, names with $ are drawn as they are.
_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "figure",
    "pdf.fonttype": 42,
    "font.size": FONT,
    "text.parse_math": False,
    "axes.linewidth": 0.4,
    "axes.edgecolor": _MISSING,
}


def draw_figure(path: Path, content: FigureContent, *, width: float = WIDTH) -> None:
    """Draw the figure into a .png, .pdf or .svg file, whole or not at all.

    Args:
        path: The file; its suffix is the format.
        content: What is shown.
        width: Width in inches, at which letters have 8 points; more where panels would be smaller
            than 0.42 inches.

    Raises:
        OSError: It cannot be written.
    """
    kind = path.suffix.lower().removeprefix(".")
    with mpl.rc_context(_STYLE):
        figure = compose(content, width=width)
        dates: dict[str, Any] = {"pdf": {"CreationDate": None}, "svg": {"Date": None}}
        with atomic(path) as temporary:
            figure.savefig(temporary, format=kind, dpi=DPI, metadata=dates.get(kind))


def compose(content: FigureContent, *, width: float = WIDTH) -> Figure:
    """Return the figure, see ``draw_figure``; each panel is an axes with its name as label."""
    grid = lay_out(content, width)
    figure = Figure(figsize=(grid.width, grid.height))
    _draw_titles(figure, grid, content)
    for dataset, image, left in grid.columns:
        _draw_input(figure, grid, content, dataset, image, left)
    for number, label in enumerate(content.methods):
        top = grid.first_row + number * grid.step
        middle = top + grid.panel / 2
        _write(figure, grid, grid.columns[0][2] - LABEL_GAP, middle, label, ha="right", va="center")
        for dataset, image, left in grid.columns:
            _draw_result(figure, grid, content, (dataset, label), image, (left, top))
        if content.scale == "method" and content.has_map(label):
            _draw_bar(figure, grid, content.range_of("", label), top)
    for number, line in enumerate(reversed(figure_notes(content))):
        bottom = grid.height - EDGE - number * NOTE_LINE
        _write(figure, grid, EDGE, bottom, line, size=SMALL, va="bottom")
    return figure


def _draw_titles(figure: Figure, grid: Grid, content: FigureContent) -> None:
    """Write the name of each dataset above its images."""
    pair = 2 if content.reconstructs else 1
    for dataset in content.images:
        lefts = [left for name, _, left in grid.columns if name == dataset]
        right = lefts[-1] + pair * grid.panel + (pair - 1) * PANEL_GAP
        middle = (lefts[0] + right) / 2
        _write(figure, grid, middle, EDGE, dataset, size=FONT + 1, ha="center", va="top")


def _draw_input(
    figure: Figure, grid: Grid, content: FigureContent, dataset: str, image: str, left: float
) -> None:
    """Draw an image and its mask: beside each other, or below where columns have one panel."""
    found = {label: each for (name, label), each in content.samples.items() if name == dataset}
    shown = shows_most(found, content.cropping)
    at = shown.ids.tolist().index(image)
    top = EDGE + TITLE + HEADING
    places = [(left, top), (left + grid.panel + PANEL_GAP, top)]
    if not content.reconstructs:
        places[1] = (left, top + grid.panel + HEADING)
    axes = _panel(figure, grid, places[0], f"input {dataset} {image}")
    axes.imshow(rgb(shown.images[at]), interpolation="none")
    _head(figure, grid, places[0], "input")
    axes = _panel(figure, grid, places[1], f"mask {dataset} {image}")
    if shown.masks.size:
        axes.imshow(shown.masks[at] > 0, cmap="gray", vmin=0, vmax=1, interpolation="none")
    else:
        _say(axes, "no masks")
    _head(figure, grid, places[1], "mask")
    below = grid.first_row
    if content.reconstructs:
        short = "reconstruction" if grid.panel >= 0.75 else "recon."
        _head(figure, grid, (left, below), short)
        _head(figure, grid, (left + grid.panel + PANEL_GAP, below), "map")
    else:
        _head(figure, grid, (left, below), "map")


def _draw_result(
    figure: Figure,
    grid: Grid,
    content: FigureContent,
    key: tuple[str, str],
    image: str,
    corner: tuple[float, float],
) -> None:
    """Draw a method's reconstruction of an image, where there is one, and its map."""
    left, top = corner
    found = content.samples.get(key)
    name = f"{key[1]} {key[0]} {image}"
    at = None if found is None else found.ids.tolist().index(image)
    if content.reconstructs:
        if found is not None and found.reconstructions.size:
            axes = _panel(figure, grid, (left, top), f"reconstruction {name}")
            axes.imshow(rgb(found.reconstructions[at]), interpolation="none")
        left += grid.panel + PANEL_GAP
    axes = _panel(figure, grid, (left, top), f"map {name}")
    if found is None:
        _say(axes, "no run")
    elif not found.maps.size:
        _say(axes, "no map")
    else:
        low, high = content.range_of(*key)
        axes.imshow(found.maps[at], cmap=COLORS, vmin=low, vmax=high, interpolation="none")
        if content.scale == "run":
            text = f"{_number(low, high - low)} to {_number(high, high - low)}"
            below = top + grid.panel + 0.01
            middle = left + grid.panel / 2
            _write(figure, grid, middle, below, text, size=SMALL - 1, ha="center", va="top")


def _draw_bar(figure: Figure, grid: Grid, low_high: tuple[float, float], top: float) -> None:
    """Draw the color scale of a row at its right end, with the values of its ends."""
    left = grid.width - EDGE - BAR_LABELS - BAR
    place = (left, top + 0.04 * grid.panel)
    axes = _panel(figure, grid, place, "scale", size=(BAR, 0.92 * grid.panel))
    axes.imshow(np.linspace(1, 0, 128)[:, None], cmap=COLORS, aspect="auto")
    for value, share, side in ((low_high[1], 0.04, "top"), (low_high[0], 0.96, "bottom")):
        height = top + share * grid.panel
        text = _number(value, low_high[1] - low_high[0])
        _write(figure, grid, left + BAR + 0.04, height, text, size=SMALL, va=side)


def _number(value: float, span: float) -> str:
    """Return an end of a scale, rounded to about a hundredth of its span."""
    if span <= 0:
        return f"{value:.3g}"
    rounded = round(value, 2 - math.floor(math.log10(span)))
    return f"{rounded + 0.0:.10g}"  # no -0


def _panel(
    figure: Figure,
    grid: Grid,
    corner: tuple[float, float],
    name: str,
    *,
    size: tuple[float, float] | None = None,
) -> Axes:
    wide, high = size or (grid.panel, grid.panel)
    left, top = corner
    bottom = 1 - (top + high) / grid.height
    axes = figure.add_axes(
        (left / grid.width, bottom, wide / grid.width, high / grid.height), label=name
    )
    axes.set(xticks=[], yticks=[])
    return axes


def _head(figure: Figure, grid: Grid, corner: tuple[float, float], text: str) -> None:
    left, top = corner
    middle = left + grid.panel / 2
    _write(figure, grid, middle, top - 0.02, text, size=SMALL, ha="center", va="bottom")


def _say(axes: Axes, text: str) -> None:
    """Write in a panel why nothing is drawn."""
    where = axes.transAxes
    axes.text(0.5, 0.5, text, transform=where, ha="center", va="center", fontsize=SMALL - 1)


def _write(
    figure: Figure,
    grid: Grid,
    x: float,
    y: float,
    text: str,
    *,
    size: float = FONT,
    ha: str = "left",
    va: str = "center",
) -> None:
    place = x / grid.width, 1 - y / grid.height
    figure.text(*place, visible(text), fontsize=size, ha=ha, va=va)
