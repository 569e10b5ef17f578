"""Color jitter of many patches at once; equal to torchvision's ColorJitter of each patch."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from mia_ssl.two_stage.random_boxes import uniform

if TYPE_CHECKING:
    from mia_ssl.pasting.paste_regions import Regions

STRONGEST = 0.5  # turns the hue by half a circle either way; there is no more
_LUMA = (0.299, 0.587, 0.114)
_STEPS = 128  # of a sixth of the color circle


class JitterFactors(NamedTuple):
    """Color changes of n patches, float32 [n] each.

    Attributes:
        brightness: Factor of the values.
        contrast: Factor of each value's distance to the patch's mean gray.
        saturation: Factor of each value's distance to its pixel's gray.
        hue: Turns of the color circle.
    """

    brightness: Tensor
    contrast: Tensor
    saturation: Tensor
    hue: Tensor

    @classmethod
    def draw(cls, uniforms: Tensor, strength: float) -> JitterFactors:
        """Draw factors within 1 +- strength and hues within +- strength turns.

        Args:
            uniforms: Random numbers in [0, 1), [n, 4].
            strength: 0 to 0.5.
        """
        drawn = uniform(uniforms, -strength, strength).float()
        return cls(1 + drawn[:, 0], 1 + drawn[:, 1], 1 + drawn[:, 2], drawn[:, 3])

    def to(self, device: torch.device) -> JitterFactors:
        """Move the factors to a device."""
        return JitterFactors(*torch.stack(tuple(self)).to(device).unbind())


def luma(pixels: Tensor) -> Tensor:
    """Return the gray of color pixels, [C, ...] -> [...]."""
    if len(pixels) == 1:
        return pixels[0]
    red, green, blue = pixels
    return (red * _LUMA[0]).add_(green, alpha=_LUMA[1]).add_(blue, alpha=_LUMA[2])


def jitter(pixels: Tensor, factors: JitterFactors, patches: Regions) -> Tensor:
    """Change the colors of n patches that lie one after the other.

    torchvision applies the four changes in random order, but they commute except for clamping and
    for the gray of a turned hue, by a gray level or two: here the order is brightness, contrast,
    saturation, hue, with one clamp, and rounded once before the hue.

    Args:
        pixels: uint8 [C, T], gray or RGB.
        factors: Color changes of each patch.
        patches: Boxes that the pixels are of.

    Returns:
        uint8 [C, T].
    """
    values = pixels.float()
    gray = luma(values)
    brightness, contrast, saturation, hue = factors.to(pixels.device)
    scale, shift = brightness * contrast, brightness * (1 - contrast) * patches.means(gray)
    if len(pixels) == 1:  # gray stays gray: no saturation, no hue
        return rounded(values.mul_(patches.spread(scale)).add_(patches.spread(shift)))
    gray = gray.mul_(patches.spread(scale * (1 - saturation))).add_(patches.spread(shift))
    levels = _whole(values.mul_(patches.spread(scale * saturation)).add_(gray))
    turn_hue(levels, hue, patches)
    return levels.to(torch.uint8)


def rounded(values: Tensor) -> Tensor:
    """Round float32 to uint8, clipped to 0 to 255; the values are overwritten."""
    # By way of int16, five times as fast as straight to uint8 on a CPU.
    return _whole(values).to(torch.uint8)


def _whole(values: Tensor) -> Tensor:
    return values.add_(0.5).clamp_(0, 255).to(torch.int16)


def turn_hue(levels: Tensor, turns: Tensor, patches: Regions) -> None:
    """Turn the hue of each pixel in place, keeping its HSV saturation and value.

    Angles are counted from cyan, opposite of red, in units of which six times a pixel's chroma make
    the circle: green is at minus one chroma, blue at one. All of it is whole numbers, for a CPU
    does twice as many of them at once; hues are turned in steps of 1/768 (Pillow: 1/256).

    Args:
        levels: int16 [3, T], 0 to 255.
        turns: Turns of the color circle, of each patch, [n].
        patches: Boxes that the pixels are of.
    """
    steps = (turns * 6 * _STEPS).round().to(torch.int16) % (6 * _STEPS)
    sixths, rest = patches.spread(steps // _STEPS), patches.spread(steps % _STEPS)
    red, green, blue = levels
    value, least, chroma, angle, mask, near = levels.new_empty(6, levels.shape[1])
    torch.maximum(torch.maximum(red, green, out=value), blue, out=value)
    torch.minimum(torch.minimum(red, green, out=least), blue, out=least)
    torch.sub(value, least, out=chroma)
    # The distance from cyan, negative on the side of green.
    torch.sub(red, green, out=angle).sub_(blue).add_(value, alpha=2).sub_(least)
    angle.addcmul_(angle, torch.ge(green, blue, out=mask), value=-2)
    angle.addcmul_(chroma, sixths)
    part = torch.mul(chroma, rest, out=near).add_(_STEPS // 2)  # below 2 ** 15
    angle.add_(part.bitwise_right_shift_(_STEPS.bit_length() - 1))
    torch.gt(angle, torch.mul(chroma, 3, out=near), out=mask)
    angle.addcmul_(chroma, mask, value=-6)
    # Within one chroma a color has the value, from two on the least; it falls in between.
    torch.clamp(torch.abs(angle, out=mask).add_(value).sub_(chroma, alpha=2), least, value, out=red)
    torch.add(value, chroma, out=near)
    far = torch.add(angle, chroma, out=mask).abs_()
    torch.clamp(torch.sub(near, far, out=mask), least, value, out=green)
    far = angle.sub_(chroma).abs_()
    torch.clamp(torch.sub(near, far, out=mask), least, value, out=blue)
