"""Pictures of the methods, drawn from their runs on the phantom."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.axes import Axes

_NORMAL, _ABNORMAL = "#3b7ea1", "#d1495b"


def draw_method(folder: Path, scores: list[float], path: Path) -> None:
    """Draw a method's picture: images, what it pastes, maps, and the scores of the test images."""
    shown = np.load(folder / "shown.npz")
    rows = [name for name in ("pasted", "images", "maps") if name in shown]
    figure = Figure(figsize=(8.6, 1.55 * len(rows) + 0.25), layout="constrained", dpi=110)
    pictures, chart = figure.subfigures(1, 2, width_ratios=(3.1, 1))
    axes = pictures.subplots(len(rows), 4, squeeze=False)
    for name, row in zip(rows, axes, strict=True):
        row[0].set_ylabel(
            {"pasted": "trained on", "images": "test image", "maps": "anomaly map"}[name]
        )
        for number, axis in enumerate(row):
            _draw_cell(axis, shown, name, number)
    for axis, title in zip(axes[rows.index("images")], ("normal", *["lesion"] * 3), strict=True):
        axis.set_title(title, fontsize=9)
    _draw_scores(chart.subplots(), scores)
    figure.savefig(path)


def draw_all(folders: dict[str, Path], path: Path) -> None:
    """Draw the maps of methods, of those that give one, for the same images."""
    shown = {name: np.load(folder / "shown.npz") for name, folder in folders.items()}
    names = [name for name, arrays in shown.items() if "maps" in arrays]
    columns = min(4, len(names) + 1)
    rows = -(-(len(names) + 1) // columns)
    figure = Figure(figsize=(2.75 * columns, 0.95 * rows), layout="constrained", dpi=110)
    cells = figure.subplots(rows, 3 * columns, squeeze=False)
    for axis in cells.flat:
        axis.axis("off")
    for number, name in enumerate(["test images", *names]):
        row, column = number % rows, 3 * (number // rows)
        arrays = shown[name if number else names[0]]
        for offset in range(3):
            axis = cells[row, column + offset]
            axis.axis("on")
            # The normal image and two of the three with a lesion.
            _draw_cell(axis, arrays, "maps" if number else "images", offset)
        cells[row, column + 1].set_title(name, fontsize=8, pad=2)
    figure.savefig(path)


def _draw_cell(axis: Axes, shown: np.lib.npyio.NpzFile, name: str, number: int) -> None:
    """Draw an image with its lesion outlined, a paste with what is labeled, or a map."""
    values = shown[name]
    if name == "maps":
        # One scale for all images of a method; single pixels do not darken all others.
        axis.imshow(values[number], "inferno", vmin=values.min(), vmax=np.quantile(values, 0.999))
    else:
        axis.imshow(values[number], cmap="gray", vmin=0, vmax=255)
    outlined = {"images": "masks", "maps": "masks", "pasted": "label"}[name]
    mask = shown[outlined][number] > (0 if outlined == "masks" else 0.05)
    if mask.any():
        color = "#39d353" if outlined == "masks" else "#ffb000"
        axis.contour(mask, levels=[0.5], colors=color, linewidths=0.7)
    axis.set(xticks=[], yticks=[])


def _draw_scores(axis: Axes, scores: list[float]) -> None:
    """Draw the scores of normal and abnormal test images as dots side by side."""
    values = np.asarray(scores)
    halves = np.split(values, 2)
    spread = np.random.default_rng(0).uniform(-0.25, 0.25, len(halves[0]))
    for place, (half, color) in enumerate(zip(halves, (_NORMAL, _ABNORMAL), strict=True)):
        axis.scatter(place + spread, half, s=9, color=color, alpha=0.8, linewidths=0)
    axis.set_xticks([0, 1], ["normal", "lesion"])
    axis.set(xlim=(-0.5, 1.5), yticks=[])
    axis.set_title("scores", fontsize=9)
    axis.spines[["top", "right"]].set_visible(False)
