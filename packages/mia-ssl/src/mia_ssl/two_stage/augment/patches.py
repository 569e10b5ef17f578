"""Patches cut from a batch, their colors jittered, and written into it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mia_ssl.two_stage.augment.jitter import Factors, jitter

if TYPE_CHECKING:
    from torch import Tensor

    from mia_ssl.pasting.paste_regions import Regions


def cut(images: Tensor, patches: Regions, factors: Factors | None = None) -> Tensor:
    """Pixels of uint8 [B, C, H, W], jittered where there are factors: uint8 [C, T]."""
    pixels = patches.cut(images.transpose(0, 1))
    return pixels if factors is None else jitter(pixels, factors, patches)


def write(images: Tensor, patches: Regions, pixels: Tensor) -> None:
    """Write [C, T] into [B, C, H, W]."""
    patches.write(images.transpose(0, 1), pixels)
