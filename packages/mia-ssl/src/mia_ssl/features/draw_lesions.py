"""Synthetic lesions of random place, shape and brightness, drawn into a batch of images.

A lesion is brighter or darker than what it covers, replaces it by a blurred copy of itself, or is a
piece of another image. Nothing about any disease is assumed beyond that its border is a closed
line. All lengths are shares of the image's side.

Paper: https://arxiv.org/abs/2011.04197 (pieces of other images);
https://arxiv.org/abs/2108.07610 (shapes from noise of low frequency)
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import Tensor

RADIUS = (0.027, 0.2)
ASPECT = (0.6, 1.65)  # by how much the one radius is longer and the other shorter
SOFTNESS = (0.04, 0.3)  # width of the border, in radii
BORDER_NOISE = 0.25  # unevenness of the border, in radii
CONTRAST = (0.4, 2.0)  # in standard deviations of the foreground's gray values
TEXTURE = 0.4  # largest deviation of the lesion's own texture, in the same unit
TEXTURE_GRAIN = (0.0045, 0.045)
SHIFT = 0.18  # farthest shift of the other image
BACKGROUND = 8  # gray values up to here are background
VISIBLE = 4  # gray values that a pixel must change by to be labeled
KINDS = 3


def draw_lesions(
    images: Tensor,
    generator: torch.Generator,
    *,
    radius: tuple[float, float] = RADIUS,
    softness: tuple[float, float] = SOFTNESS,
) -> tuple[Tensor, Tensor]:
    """Draw one lesion into each image.

    Args:
        images: uint8 [B, C, H, W] on the CPU.
        generator: Source of all that is drawn.
        radius: Least and largest radius, in sides of the image.
        softness: Least and largest width of the border, in radii.

    Returns:
        The changed images, uint8 [B, C, H, W], and where they were visibly changed, bool [B, H, W].
    """
    values = images.float()
    gray = values.mean(1)
    foreground = gray > BACKGROUND
    side = min(images.shape[2:])
    radii = side * _log_uniform(len(images), radius, generator)
    shapes = _shapes(foreground, radii, softness, generator)
    cover = shapes * _blur(foreground.float(), 0.009 * side)
    lesions = _fillings(values, foreground, radii, generator)
    changed = (values + cover[:, None] * (lesions - values)).clamp(0, 255).round()
    difference = _blur((changed - values).mean(1), 0.0045 * side).abs()
    return changed.to(torch.uint8), (cover > 0.5) & (difference > VISIBLE)


def _shapes(
    foreground: Tensor,
    radius: Tensor,
    softness: tuple[float, float],
    generator: torch.Generator,
) -> Tensor:
    """Return uneven ellipses around a random pixel of the foreground, in [0, 1], [B, H, W]."""
    count, height, width = foreground.shape
    # An image without a foreground has its lesion anywhere.
    weights = foreground.flatten(1).float()
    weights += (weights.sum(1, keepdim=True) == 0).float()
    place = torch.multinomial(weights, 1, generator=generator)[:, 0]
    rows = torch.arange(height)[None, :, None] - (place // width)[:, None, None]
    columns = torch.arange(width)[None, None, :] - (place % width)[:, None, None]
    angle = _uniform(count, (0, math.pi), generator)[:, None, None]
    aspect = _log_uniform(count, ASPECT, generator)[:, None, None]
    along = rows * angle.cos() + columns * angle.sin()
    across = columns * angle.cos() - rows * angle.sin()
    distance = ((along * aspect).square() + (across / aspect).square()).sqrt()
    distance = distance / radius[:, None, None]
    uneven = _noise(count, height, width, radius / 2.5, generator)
    border = _uniform(count, softness, generator)[:, None, None]
    return torch.sigmoid((1 - distance + BORDER_NOISE * uneven) / border)


def _fillings(
    values: Tensor, foreground: Tensor, radius: Tensor, generator: torch.Generator
) -> Tensor:
    """Return what would be seen if the lesion covered the whole image, [B, C, H, W]."""
    count, channels, height, width = values.shape
    side = min(height, width)
    unit = _spread(values.mean(1), foreground)[:, None, None, None]
    sign = torch.where(torch.rand(count, generator=generator) < 0.5, -1.0, 1.0)
    contrast = (sign * _uniform(count, CONTRAST, generator))[:, None, None, None]
    if channels > 1:  # a colored lesion changes some colors more than others
        contrast = contrast * torch.rand(count, channels, 1, 1, generator=generator)
    grain = side * _log_uniform(count, TEXTURE_GRAIN, generator)
    texture = _noise(count, height, width, grain, generator)[:, None]
    strength = _uniform(count, (0, TEXTURE), generator)[:, None, None, None]
    added = unit * (contrast + strength * texture)
    smooth = _blur(values, (radius / 3)[:, None])
    kind = torch.randint(KINDS, (count,), generator=generator)[:, None, None, None]
    other = _shifted_others(values, generator)
    return torch.where(kind == 0, values + added, torch.where(kind == 1, smooth + added, other))


def _shifted_others(values: Tensor, generator: torch.Generator) -> Tensor:
    """Return another image of the batch for each, shifted around the border."""
    count = len(values)
    step = int(torch.randint(1, max(count, 2), (), generator=generator))
    reach = round(SHIFT * min(values.shape[2:]))
    shifts = torch.randint(-reach, reach + 1, (count, 2), generator=generator).tolist()
    others = values.roll(step, 0)
    return torch.stack([x.roll(s, (1, 2)) for x, s in zip(others, shifts, strict=True)])


def _spread(gray: Tensor, foreground: Tensor) -> Tensor:
    """Return the standard deviation of each image's foreground, at least 1, [B]."""
    weights = foreground.float()
    count = weights.sum((1, 2)).clamp(min=1)
    mean = (gray * weights).sum((1, 2)) / count
    squares = ((gray - mean[:, None, None]).square() * weights).sum((1, 2)) / count
    return squares.sqrt().clamp(min=1)


def _noise(
    count: int, height: int, width: int, grain: Tensor, generator: torch.Generator
) -> Tensor:
    """Return blurred white noise of standard deviation 1, [B, H, W]."""
    white = torch.randn(count, height, width, generator=generator)
    noise = _blur(white, grain)
    centered = noise - noise.mean((1, 2), keepdim=True)
    return noise / centered.square().mean((1, 2), keepdim=True).sqrt().clamp(min=1e-6)


def _blur(images: Tensor, sigma: Tensor | float) -> Tensor:
    """Blur by a Gaussian around the border, each image [..., H, W] by its own number of pixels."""
    height, width = images.shape[-2:]
    rows, columns = torch.fft.fftfreq(height), torch.fft.rfftfreq(width)
    squares = rows[:, None].square() + columns.square()
    if isinstance(sigma, torch.Tensor):
        sigma = sigma[..., None, None]
    # Smaller gains change nothing, but would be denormal numbers, with which processors are slow.
    gain = torch.exp((-2 * (math.pi * sigma) ** 2 * squares).clamp(min=-60))
    return torch.fft.irfft2(torch.fft.rfft2(images) * gain, s=(height, width))


def _uniform(count: int, bounds: tuple[float, float], generator: torch.Generator) -> Tensor:
    low, high = bounds
    return low + (high - low) * torch.rand(count, generator=generator)


def _log_uniform(count: int, bounds: tuple[float, float], generator: torch.Generator) -> Tensor:
    low, high = (math.log(value) for value in bounds)
    return _uniform(count, (low, high), generator).exp()
