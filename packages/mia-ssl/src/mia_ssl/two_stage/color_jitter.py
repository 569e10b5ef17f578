"""Color jitter of many patches or images at once, as torchvision's ColorJitter does it to one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from mia_ssl.memory import on_cpu
from mia_ssl.two_stage.gray_pictures import gray_patches, is_gray
from mia_ssl.two_stage.hue import CIRCLE, turn_hue, turn_hue_of_bytes
from mia_ssl.two_stage.random_boxes import uniform

if TYPE_CHECKING:
    from collections.abc import Callable

    from mia_ssl.pasting.paste_regions import Regions

STRONGEST = 0.5  # turns the hue by half a circle either way; there is no more
_LUMA = (0.299, 0.587, 0.114)


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

    def changed(channels: Tensor) -> Tensor:
        levels = _jitter(channels, changes, patches.means, patches.spread, _Memory.like(channels))
        return levels.to(torch.uint8)

    gray = gray_patches(pixels, patches)
    if gray.all():
        return changed(pixels[:1]).expand_as(pixels)  # all channels are the same
    result = changed(pixels)
    if gray.any():
        result = torch.where(patches.spread(gray), changed(pixels[:1]), result)
    return result


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
    for image, copy, factors_of_image in zip(images, out, numbers, strict=True):
        channels = image[:1] if is_gray(image) else image  # all are the same
        changes = _Changes(*factors_of_image)
        copy.copy_(_scale(channels, changes, _mean, _same, memory))
        if len(channels) > 1:
            turn_hue_of_bytes(copy.numpy(), changes.hue_steps, memory.bytes)


def _mean(gray: Tensor) -> float:
    return gray.mean().item()


def _same(value: float) -> float:
    return value


class _Changes(NamedTuple):
    """``JitterFactors`` of n pictures as tensors [n], or of one picture as plain numbers."""

    brightness: Any
    contrast: Any
    saturation: Any
    hue: Any

    @property
    def hue_steps(self) -> Any:
        """Hue in steps of 1/768 turn, 0 to 767."""
        turns = self.hue * CIRCLE
        whole = turns.round().to(torch.int16) if isinstance(turns, Tensor) else round(turns)
        return whole % CIRCLE


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

    @property
    def bytes(self) -> np.ndarray:
        """Return the memory of three channels' ``values``, still cached, as uint8 [10, ...]."""
        return self.values.numpy().reshape(-1).view(np.uint8).reshape(12, *self.gray.shape)[:10]


def _jitter(
    pixels: Tensor,
    changes: _Changes,
    means: Callable[[Tensor], Any],
    spread: Callable[[Any], Any],
    memory: _Memory,
) -> Tensor:
    """Change the colors of pictures, for the arguments see ``_scale``.

    torchvision applies the four changes in random order, but they commute except for clamping and
    for the gray of a turned hue, by a gray level or two: here the order is brightness, contrast,
    saturation, hue, with one clamp, and rounded once before the hue.

    Returns:
        int16 [C, ...], 0 to 255, in the working memory.
    """
    levels = _scale(pixels, changes, means, spread, memory)
    if len(levels) > 1:  # gray has no hue
        turn_hue(levels, changes.hue_steps, spread, memory.rest)
    return levels


def _scale(
    pixels: Tensor,
    changes: _Changes,
    means: Callable[[Tensor], Any],
    spread: Callable[[Any], Any],
    memory: _Memory,
) -> Tensor:
    """Change brightness, contrast and saturation of pictures.

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
    if channels == 1:  # gray stays gray: no saturation
        return _clip(_affine(values, spread(scale), spread(shift)), out=levels)
    _affine(gray, spread(scale * (1 - saturation)), spread(shift))
    return _clip(_affine(values, spread(scale * saturation), gray), out=levels)


def _affine(values: Tensor, factor: Any, shift: Any) -> Tensor:
    """Return factor * values + shift, in place."""
    if not on_cpu(values):
        return values.mul_(factor).add_(shift)
    line = values.numpy()  # NumPy takes two thirds of the time of torch
    factor, shift = (x.numpy() if isinstance(x, Tensor) else x for x in (factor, shift))
    np.add(np.multiply(line, factor, out=line), shift, out=line)
    return values


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
