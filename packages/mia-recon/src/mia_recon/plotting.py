"""Figures of images, reconstructions, maps and masks; needs matplotlib."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from numpy.typing import ArrayLike


def plot_rows(
    images: ArrayLike,
    *,
    reconstructions: ArrayLike | None = None,
    maps: ArrayLike | None = None,
    masks: ArrayLike | None = None,
    titles: list[str] | None = None,
) -> Figure:
    """Plot one row for each image: input, and reconstruction, map and mask if given.

    Maps share one color scale, so that rows can be compared.

    Args:
        images: uint8 (N, C, H, W), gray or RGB.
        reconstructions: float (N, C, H, W), as from ``reconstruct``.
        maps: float (N, H, W), as from ``predict``.
        masks: (N, H, W), above 0 where abnormal.
        titles: One for each row.

    Returns:
        A figure without a window: ``figure.savefig(path)`` writes it.

    Raises:
        ImportError: matplotlib is not installed.
        TypeError: Images that are not uint8, reconstructions that are not float.
        ValueError: Parts of different lengths or shapes.
    """
    images = np.asarray(images)
    if images.dtype != np.uint8:
        msg = f"expected images of dtype uint8 (0 to 255), got {images.dtype}"
        raise TypeError(msg)
    if reconstructions is not None and np.asarray(reconstructions).dtype.kind != "f":
        msg = f"expected reconstructions as floats, got {np.asarray(reconstructions).dtype}"
        raise TypeError(msg)
    columns = {
        "input": _last_channel(images, "images") / 255,
        "reconstruction": _last_channel(reconstructions, "reconstructions", clip=True),
        "map": maps if maps is None else np.asarray(maps),
        "mask": masks if masks is None else np.asarray(masks) > 0,
    }
    shown = {name: values for name, values in columns.items() if values is not None}
    for name, values in shown.items():
        if values.shape[:3] != columns["input"].shape[:3]:
            msg = f"expected {name} of {columns['input'].shape[:3]}, got {values.shape[:3]}"
            raise ValueError(msg)
    if titles is not None and len(titles) != len(images):
        msg = f"expected {len(images)} titles, one for each image, got {len(titles)}"
        raise ValueError(msg)
    return _draw(shown, titles)


def _last_channel(images: Any, name: str, *, clip: bool = False) -> Any:
    """Turn (N, C, H, W) into (N, H, W) for gray and (N, H, W, 3) for RGB images."""
    if images is None:
        return None
    images = np.asarray(images)
    if images.ndim != 4 or images.shape[1] not in (1, 3) or not len(images):
        msg = f"expected {name} of shape (N, 1 or 3, H, W) with N above 0, got {images.shape}"
        raise ValueError(msg)
    images = images.clip(0, 1) if clip else images
    return images[:, 0] if images.shape[1] == 1 else np.moveaxis(images, 1, -1)


def _draw(shown: dict[str, np.ndarray], titles: list[str] | None) -> Figure:
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        msg = "plot_rows needs matplotlib: pip install 'mia-recon[plot]'"
        raise ImportError(msg) from error
    rows, columns = len(shown["input"]), len(shown)
    figure = Figure(figsize=(2 * columns, 2 * rows), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False)
    for name, column in zip(shown, axes.T, strict=True):
        column[0].set_title(name)
        style = _style(name, shown[name])
        for axis, picture in zip(column, shown[name], strict=True):
            axis.imshow(
                picture.clip(0, 1) if name in ("input", "reconstruction") else picture, **style
            )
            axis.set(xticks=[], yticks=[])
    for axis, title in zip(axes[:, 0], titles or (), strict=False):
        axis.set_ylabel(title, parse_math=False)  # a $ is drawn as it is
    return figure


def _style(name: str, values: np.ndarray) -> dict[str, Any]:
    if name == "map":
        return {"cmap": "inferno", "vmin": values.min(), "vmax": values.max()}
    return {"cmap": "gray", "vmin": 0, "vmax": 1}
