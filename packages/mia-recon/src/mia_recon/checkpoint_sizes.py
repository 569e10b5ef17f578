"""Sizes of a network, read from the shapes of its weights."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

# Names of the encoder's blocks and of the dense layers before and after the code, in an
# autoencoder and in ganomaly's generator.
_PLACES = (
    ("encoder", "to_code", "from_code"),
    ("generator.encoder.0", "generator.encoder.2", "generator.decoder.0"),
)


def sizes_of(state: Mapping[str, Tensor]) -> dict[str, Any]:
    """Return the image size, the channels and the options that are sizes.

    Args:
        state: Weights under our names.

    Returns:
        Arguments of ``build``; empty for weights of an unknown network.
    """
    for blocks, to_code, from_code in _PLACES:
        if f"{blocks}.0.0.weight" in state:
            try:
                return _autoencoder(state, blocks, to_code, from_code)
            except (KeyError, IndexError, ZeroDivisionError):
                return {}
    first = state.get("down.0.0.weight")
    if first is not None and first.ndim == 4:
        depth = _count(state, r"down\.\d+\.0\.weight")
        return {"in_channels": first.shape[1], "filters": first.shape[0], "depth": depth}
    return {}


def _autoencoder(
    state: Mapping[str, Tensor], blocks: str, to_code: str, from_code: str
) -> dict[str, Any]:
    first = state[f"{blocks}.0.0.weight"]
    hidden = state[f"{to_code}.0.weight"]
    depth = _count(state, rf"{re.escape(blocks)}\.\d+\.0\.weight")
    sizes = {
        "in_channels": first.shape[1],
        "width": first.shape[0],
        "depth": depth,
        "hidden": hidden.shape[0],
        "latent": state[f"{from_code}.0.weight"].shape[1],
    }
    if hidden.ndim == 2:  # dense, so that it holds the whole grid
        channels = state[f"{blocks}.{depth - 1}.0.weight"].shape[0]
        sizes["image_size"] = math.isqrt(hidden.shape[1] // channels) * 2**depth
    if "memory.weight" in state:
        sizes["slots"] = state["memory.weight"].shape[0]
    return sizes


def _count(state: Mapping[str, Tensor], pattern: str) -> int:
    return sum(re.fullmatch(pattern, key) is not None for key in state)
