"""Colors, margins and sizes that all charts of a page share."""

from __future__ import annotations

AXIS = "#808080"  # readable on light and dark
NORMAL, ABNORMAL = "#3b82c4", "#d9622b"  # also apart for color-blind readers
COLORS = (
    *("#1f77b4", "#ff7f0e", "#2ca02c", "#d62728", "#9467bd"),
    *("#8c564b", "#e377c2", "#7f7f7f", "#bcbd22", "#17becf"),
)  # of curves, one after the other; the Tableau palette
POINTS = 200  # of a curve; more cannot be seen
LEFT, RIGHT, BELOW, ABOVE = 0.68, 0.08, 0.48, 0.08  # inches around the axes
POINTS_PER_INCH = 72
