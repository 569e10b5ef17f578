"""What a method trains on, to be looked at before hours are spent on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mia_ssl.inputs import as_tensor
from mia_ssl.registry import synthesize

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_COLUMNS = ("original", "pasted", "label")
_INCHES = 2.0  # side of a picture


def picture(
    name: str, images: Any, *, seed: int = 0, sources: Any = None, **options: Any
) -> Figure:
    """A grid with a row for each pasted image: the original, the pasted one and its label.

    Save it with ``figure.savefig("pasted.png")``; in a notebook it shows itself.

    Args:
        name: A method that pastes.
        images: See ``synthesize``; a handful.
        seed: See ``synthesize``.
        sources: See ``synthesize``.
        options: See ``synthesize``.

    Raises:
        ImportError: Matplotlib is not installed.
        TypeError: See ``synthesize``.
        ValueError: See ``synthesize``.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        msg = "picture needs matplotlib: pip install 'mia-ssl[plot]'"
        raise ImportError(msg) from error
    pasted, label = synthesize(name, images, seed=seed, sources=sources, **options)
    count = len(pasted)
    figure = Figure(figsize=(_INCHES * len(_COLUMNS), _INCHES * count), layout="constrained")
    grid = figure.subplots(count, len(_COLUMNS), squeeze=False)
    originals = as_tensor("images", images)
    originals = originals.repeat(count // len(originals), 1, 1, 1)  # there may be several kinds
    brightest = max(1.0, float(label.max()))  # raw labels are gray levels
    for axes, *pictures in zip(grid, originals, pasted, label, strict=True):
        for axis, pixels, top in zip(axes, pictures, (255, 255, brightest), strict=True):
            shown = pixels.movedim(0, 2).squeeze(2).cpu().numpy()
            axis.imshow(shown, cmap="gray", vmin=0, vmax=top)
            axis.set_axis_off()
    for axis, title in zip(grid[0], _COLUMNS, strict=True):
        axis.set_title(title)
    return figure
