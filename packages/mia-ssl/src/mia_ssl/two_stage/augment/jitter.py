"""Color jitter of many patches at once, as torchvision's ColorJitter does it to one."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from mia_ssl.two_stage.augment.draws import uniform

if TYPE_CHECKING:
    from collections.abc import Iterator

DRAWS = 4
_LUMA = (0.299, 0.587, 0.114)
_BLOCK = 2**16  # pixels at a time whose intermediate values stay in a CPU's cache


class Factors(NamedTuple):
    """What was drawn, float32 [n] each.

    Attributes:
        brightness: Factor of the values.
        contrast: Factor of the distance to the patch's mean gray.
        saturation: Factor of the distance to each pixel's own gray.
        hue: Turns of the color circle.
    """

    brightness: Tensor
    contrast: Tensor
    saturation: Tensor
    hue: Tensor

    @classmethod
    def draw(cls, u: Tensor, strength: float) -> Factors:
        """Factors within 1 +- strength, hue within +- strength turns; u is [n, 4]."""
        drawn = uniform(u, -strength, strength).float()
        return cls(1 + drawn[:, 0], 1 + drawn[:, 1], 1 + drawn[:, 2], drawn[:, 3])

    def to(self, device: torch.device) -> Factors:
        """The same on a device."""
        return Factors(*torch.stack(tuple(self)).to(device).unbind())


def luma(pixels: Tensor) -> Tensor:
    """[C, ...] -> gray [...]."""
    if len(pixels) == 1:
        return pixels[0]
    red, green, blue = pixels
    return (red * _LUMA[0]).add_(green, alpha=_LUMA[1]).add_(blue, alpha=_LUMA[2])


def jitter(pixels: Tensor, factors: Factors, sizes: list[int]) -> Tensor:
    """Change the colors of n patches that lie one after the other.

    torchvision applies the four changes in random order, but they commute except for clamping and
    for the gray of a turned hue, by a gray level or two: here the order is brightness, contrast,
    saturation, hue, and one clamp.

    Args:
        pixels: float32 [C, P] in 0 to 255; overwritten.
        factors: Of each patch.
        sizes: Pixels of each patch; they sum to P.
    """
    limit = _BLOCK if pixels.device.type == "cpu" else pixels.shape[1]
    factors = factors.to(pixels.device)
    end = 0
    for group in _groups(sizes, limit):
        start, end = end, end + sum(sizes[group])
        part = Factors(*(factor[group] for factor in factors))
        _jitter(pixels[:, start:end], part, sizes[group])
    return pixels


def _groups(sizes: list[int], limit: int) -> Iterator[slice]:
    """Consecutive patches of about ``limit`` pixels together."""
    start = pixels = 0
    for patch, size in enumerate(sizes, start=1):
        pixels += size
        if pixels >= limit or patch == len(sizes):
            yield slice(start, patch)
            start, pixels = patch, 0


def _jitter(pixels: Tensor, factors: Factors, sizes: list[int]) -> None:
    gray = luma(pixels)
    means = torch.stack([patch.mean() for patch in gray.split(sizes)])
    brightness, contrast, saturation, hue = factors
    scale, shift = brightness * contrast, brightness * (1 - contrast) * means
    if len(pixels) == 1:  # gray stays gray: no saturation, no hue
        scale, shift = spread((scale, shift), sizes)
        pixels.mul_(scale).add_(shift).clamp_(0, 255)
        return
    own, others = scale * saturation, scale * (1 - saturation)
    own, others, shift, hue = spread((own, others, shift, hue), sizes)
    pixels.mul_(own).add_(gray.mul_(others).add_(shift)).clamp_(0, 255)
    turn_hue(pixels, hue)


def spread(rows: tuple[Tensor, ...], sizes: list[int]) -> Tensor:
    """K rows of a value for each of n patches -> a value for each pixel, [k, P]."""
    table = torch.stack(rows)
    out = table.new_empty(len(table), sum(sizes))
    for part, column in zip(out.split(sizes, 1), table.split(1, 1), strict=True):
        part.copy_(column)  # several times as fast as an index on a CPU
    return out


def turn_hue(pixels: Tensor, turns: Tensor) -> None:
    """Turn the hue of each pixel in place, keeping its HSV saturation and value.

    Choices are made by masks that are numbers: ``where`` is many times slower on a CPU.

    Args:
        pixels: float32 [3, P].
        turns: float32 [P].
    """
    red, green, blue = pixels
    value = torch.maximum(torch.maximum(red, green), blue)
    chroma = value - torch.minimum(torch.minimum(red, green), blue)
    is_red, is_green = torch.empty_like(value), torch.empty_like(value)
    torch.eq(red, value, out=is_red)
    torch.eq(green, value, out=is_green)
    is_green.addcmul_(is_green, is_red, value=-1)
    # The hue on a circle of six: 0 is red, 2 green, 4 blue; as of blue, then changed by the masks.
    total = red + green + blue
    hue = (red - green).addcmul_(torch.sub(total, green, alpha=3).neg_(), is_red)
    hue.addcmul_(torch.sub(total, red, alpha=3), is_green).div_(chroma.clamp(min=1e-6))
    hue.add_(is_red, alpha=-4).add_(is_green, alpha=-2).add_(turns, alpha=6).add_(4)
    hue.sub_((hue / 6).floor_(), alpha=6)
    # How far below the value each color lies, in shares of the chroma.
    for color, below in (
        (red, (hue - 3).abs_().sub_(2).neg_()),
        (green, (hue - 2).abs_().sub_(1)),
        (blue, (hue - 4).abs_().sub_(1)),
    ):
        torch.addcmul(value, chroma, below.clamp_(0, 1), value=-1, out=color)
