"""The layout of a study's figure: the places of its panels, and the lines below them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mia_bench.literal_text import visible
from mia_bench.report.samples import cropping_note

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mia_bench.report.figure_content import FigureContent

# In inches.
EDGE = 0.05
PANEL_GAP = 0.03  # between the panels of one image
TITLE, HEADING = 0.22, 0.16
LABEL_GAP = 0.06  # between a method's name and its row
BAR, BAR_LABELS = 0.07, 0.5
NOTE_LINE = 0.14
_LEAST_PANEL = 0.42
_LETTER = 0.068  # what a letter takes at most, on average, at 8 points
_BETWEEN_IMAGES, _BETWEEN_DATASETS = 0.07, 0.16


class Grid(NamedTuple):
    """Places of the panels, in inches from the left and from the top."""

    width: float
    height: float
    panel: float
    columns: Sequence[tuple[str, str, float]]  # dataset, image, left edge of its first panel
    first_row: float
    step: float


def lay_out(content: FigureContent, width: float) -> Grid:
    """Return the places of the panels of a figure that is ``width`` inches wide, or wider."""
    pair = 2 if content.reconstructs else 1
    counts = [len(images) for images in content.images.values()]
    label = EDGE + LABEL_GAP + _LETTER * max(len(visible(name)) for name in content.methods)
    right = EDGE + (BAR + BAR_LABELS + LABEL_GAP if content.scale == "method" else 0)
    gaps = (
        sum(counts) * (pair - 1) * PANEL_GAP + sum(count - 1 for count in counts) * _BETWEEN_IMAGES
    )
    gaps += (len(counts) - 1) * _BETWEEN_DATASETS
    panels = sum(counts) * pair
    panel = max(_LEAST_PANEL, (width - label - right - gaps) / panels)
    columns = []
    left = label
    for dataset, images in content.images.items():
        for image in images:
            columns.append((dataset, image, left))
            left += pair * panel + (pair - 1) * PANEL_GAP + _BETWEEN_IMAGES
        left += _BETWEEN_DATASETS - _BETWEEN_IMAGES
    header = EDGE + TITLE + HEADING + (3 - pair) * (panel + HEADING)
    step = panel + (NOTE_LINE if content.scale == "run" else PANEL_GAP)
    bottom = len(figure_notes(content)) * NOTE_LINE + 2 * EDGE
    height = header + len(content.methods) * step + bottom
    return Grid(left - _BETWEEN_DATASETS + right, height, panel, columns, header, step)


def figure_notes(content: FigureContent) -> list[str]:
    """Return the lines below the grid, which state the scale."""
    one = "a method" if content.scale == "method" else "a method and dataset"
    ends = "its lowest value to the 99.5 % quantile of its test maps"
    if content.scale == "method" and len(content.images) > 1:
        ends = "its lowest value to the highest of its datasets' 99.5 % quantiles"
    scale = f"Maps: one color scale {one}, from {ends}."
    return [line for line in (scale, cropping_note(content.cropping)) if line]
