"""Color jitter of many patches or images at once, as torchvision's ColorJitter does it to one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import Tensor

from mia_ssl.two_stage.random_boxes import uniform

if TYPE_CHECKING:
    from collections.abc import Callable

    from mia_ssl.pasting.paste_regions import Regions

STRONGEST = 0.5  # turns the hue by half a circle either way; there is no more
_LUMA = (0.299, 0.587, 0.114)
_STEPS = 128  # of a sixth of the color circle


class JitterFactors(NamedTuple):
    """Color changes of n pictures (patches or images), float32 [n] each.

    Attributes:
        brightness: Factor of the values.
        contrast: Factor of each value's distance to the picture's mean gray.
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


def jitter_patches(pixels: Tensor, factors: JitterFactors, patches: Regions) -> Tensor:
    """Change the colors of n patches that lie one after the other.

    Args:
        pixels: uint8 [C, T], gray or RGB.
        factors: Color changes of each patch.
        patches: Boxes that the pixels are of.

    Returns:
        uint8 [C, T].
    """
    changes = _Changes(*factors.to(pixels.device))
    levels = _jitter(pixels, changes, patches.means, patches.spread, _Memory.like(pixels))
    return levels.to(torch.uint8)


def jitter_images(images: Tensor, factors: JitterFactors, *, out: Tensor) -> None:
    """Change the colors of whole images.

    Args:
        images: uint8 [B, C, H, W], gray or RGB.
        factors: Color changes of each image.
        out: uint8 [B, C, H, W], memory for the changed images.
    """
    if images.device.type != "cpu":
        planes, changes = images.transpose(0, 1), _Changes(*factors.to(images.device))
        means, spread = (lambda gray: gray.mean((1, 2))), (lambda values: values[:, None, None])
        out.copy_(_jitter(planes, changes, means, spread, _Memory.like(planes)).transpose(0, 1))
        return
    # One image at a time stays in a CPU's cache, and its factors are plain numbers.
    memory = _Memory.like(images[0])
    numbers = torch.stack(tuple(factors), 1).tolist()
    for image, copy, changes in zip(images, out, numbers, strict=True):
        channels = image[:1] if _is_gray(image) else image  # all are the same
        copy.copy_(_jitter(channels, _Changes(*changes), _mean, _same, memory))


def _mean(gray: Tensor) -> float:
    return gray.mean().item()


def _same(value: float) -> float:
    return value


def _is_gray(image: Tensor) -> bool:
    """Return whether all channels [C, H, W] are the same."""
    first, *others = (channel.tobytes() for channel in image.numpy())
    return all(channel == first for channel in others)


class _Changes(NamedTuple):
    """``JitterFactors`` of n pictures as tensors [n], or of one picture as plain numbers."""

    brightness: Any
    contrast: Any
    saturation: Any
    hue: Any

    @property
    def hue_steps(self) -> Any:
        """Hue in steps of 1/768 turn, 0 to 767."""
        turns = self.hue * 6 * _STEPS
        whole = turns.round().to(torch.int16) if isinstance(turns, Tensor) else round(turns)
        return whole % (6 * _STEPS)


class _Memory(NamedTuple):
    """Working memory for C channels; to allocate it anew for each image takes longer than the work.

    Attributes:
        values: float32 [C, ...].
        gray: float32 [...].
        levels: int16 [C, ...].
        rest: int16 [6, ...].
    """

    values: Tensor
    gray: Tensor
    levels: Tensor
    rest: Tensor

    @classmethod
    def like(cls, pixels: Tensor) -> _Memory:
        """Allocate memory for pixels [C, ...]."""
        channels, *shape = pixels.shape
        floats = pixels.new_empty(channels + 1, *shape, dtype=torch.float32)
        whole = pixels.new_empty(channels + 6, *shape, dtype=torch.int16)
        return cls(floats[:channels], floats[channels], whole[:channels], whole[channels:])


def _jitter(
    pixels: Tensor,
    changes: _Changes,
    means: Callable[[Tensor], Any],
    spread: Callable[[Any], Any],
    memory: _Memory,
) -> Tensor:
    """Change the colors of pictures.

    torchvision applies the four changes in random order, but they commute except for clamping and
    for the gray of a turned hue, by a gray level or two: here the order is brightness, contrast,
    saturation, hue, with one clamp, and rounded once before the hue.

    Args:
        pixels: uint8 [C, ...], gray or RGB.
        changes: Color changes of each picture.
        means: Returns the mean of each picture.
        spread: Gives each pixel its picture's value: what broadcasts to [...].
        memory: Working memory for as many channels or more.

    Returns:
        int16 [C, ...], 0 to 255, in the working memory.
    """
    channels = len(pixels)
    values, gray, levels = memory.values[:channels], memory.gray, memory.levels[:channels]
    luma(values.copy_(pixels), out=gray)
    brightness, contrast, saturation, _ = changes
    scale = brightness * contrast
    # Half a level more, so that cutting off what follows the point rounds to the nearest.
    shift = brightness * (1 - contrast) * means(gray) + 0.5
    if channels == 1:  # gray stays gray: no saturation, no hue
        return _clip(values.mul_(spread(scale)).add_(spread(shift)), out=levels)
    gray.mul_(spread(scale * (1 - saturation))).add_(spread(shift))
    _clip(values.mul_(spread(scale * saturation)).add_(gray), out=levels)
    turn_hue(levels, changes.hue_steps, spread, memory.rest)
    return levels


def luma(pixels: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Return the gray of pixels, float32 [1 or 3, ...] -> [...]."""
    if len(pixels) == 1:
        return pixels[0] if out is None else out.copy_(pixels[0])
    red, green, blue = pixels
    gray = torch.mul(red, _LUMA[0], out=out)
    return gray.add_(green, alpha=_LUMA[1]).add_(blue, alpha=_LUMA[2])


def rounded(values: Tensor) -> Tensor:
    """Round float32 to uint8, clipped to 0 to 255; the values are overwritten."""
    # By way of int16, five times as fast as straight to uint8 on a CPU.
    levels = torch.empty_like(values, dtype=torch.int16)
    return _clip(values.add_(0.5), out=levels).to(torch.uint8)


def _clip(values: Tensor, *, out: Tensor) -> Tensor:
    """Cut floats off to whole gray levels, int16."""
    return out.copy_(values).clamp_(0, 255)


def turn_hue(levels: Tensor, steps: Any, spread: Callable[[Any], Any], memory: Tensor) -> None:
    """Turn the hue of each pixel in place, keeping its HSV saturation and value.

    Angles are counted from cyan, opposite of red, in units of which six times a pixel's chroma make
    the circle: green is at minus one chroma, blue at one. All of it is whole numbers, for a CPU
    does twice as many of them at once; hues are turned in steps of 1/768 (Pillow: 1/256).

    Args:
        levels: int16 [3, ...], 0 to 255.
        steps: Turn of each picture's hue in steps of 1/768 turn, 0 to 767; int16 [n], or a number.
        spread: Gives each pixel its picture's value, see ``_jitter``.
        memory: Working memory, int16 [6, ...].
    """
    red, green, blue = levels
    value, least, chroma, angle, mask, near = memory
    torch.maximum(torch.maximum(red, green, out=value), blue, out=value)
    torch.minimum(torch.minimum(red, green, out=least), blue, out=least)
    torch.sub(value, least, out=chroma)
    # The distance from cyan, negative on the side of green.
    torch.sub(red, green, out=angle).sub_(blue).add_(value).add_(chroma)
    angle.addcmul_(angle, torch.ge(green, blue, out=mask), value=-2)
    angle.add_(torch.mul(chroma, spread(steps // _STEPS), out=near))
    part = torch.mul(chroma, spread(steps % _STEPS), out=near).add_(_STEPS // 2)  # below 2 ** 15
    angle.add_(part.bitwise_right_shift_(_STEPS.bit_length() - 1))
    torch.gt(angle, torch.mul(chroma, 3, out=near), out=mask)
    angle.addcmul_(chroma, mask, value=-6)
    # Within one chroma a color has the value, from two on the least; it falls in between.
    torch.abs(angle, out=mask).add_(value).sub_(chroma, alpha=2)
    _between(mask, least, value, out=red)
    torch.add(value, chroma, out=near)
    far = torch.add(angle, chroma, out=mask).abs_()
    _between(torch.sub(near, far, out=mask), least, value, out=green)
    far = angle.sub_(chroma).abs_()
    _between(torch.sub(near, far, out=mask), least, value, out=blue)


def _between(values: Tensor, low: Tensor, high: Tensor, *, out: Tensor) -> None:
    """Clip values between two tensors, twice as fast as ``clamp``."""
    torch.minimum(torch.maximum(values, low, out=out), high, out=out)
