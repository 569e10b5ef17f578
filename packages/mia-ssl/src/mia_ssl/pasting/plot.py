"""A picture of pasted images beside the originals and the labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from torch import Tensor

_COLUMNS = ("original", "pasted", "label")
_INCHES = 2.0  # side of a picture


def plot_pasted(originals: Tensor, pasted: Tensor, label: Tensor) -> Figure:
    """Draw a row for each image: the original, the pasted one and its label.

    Args:
        originals: uint8 [N, C, H, W].
        pasted: The same.
        label: float32 [N, 1, H, W]; white is 1, or the largest value where that is above 1.

    Raises:
        ImportError: Matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        msg = "plot needs matplotlib: pip install 'mia-ssl[plot]'"
        raise ImportError(msg) from error
    count = len(pasted)
    figure = Figure(figsize=(_INCHES * len(_COLUMNS), _INCHES * count), layout="constrained")
    grid = figure.subplots(count, len(_COLUMNS), squeeze=False)
    brightest = max(1.0, float(label.max()))  # raw labels are gray levels
    for axes, *pictures in zip(grid, originals, pasted, label, strict=True):
        for axis, pixels, top in zip(axes, pictures, (255, 255, brightest), strict=True):
            shown = pixels.movedim(0, 2).squeeze(2).cpu().numpy()
            axis.imshow(shown, cmap="gray", vmin=0, vmax=top)
            axis.set_axis_off()
    for axis, title in zip(grid[0], _COLUMNS, strict=True):
        axis.set_title(title)
    return figure
