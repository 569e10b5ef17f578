"""Blobs of smooth noise: fields of a random smoothness, seen through the peaks of other fields.

Paper: QBAE, https://arxiv.org/abs/2610.09670
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

REFERENCE_SIZE = 128  # side of the paper's images, in whose pixels the radii are
RADII = (1.0, 17.0)
THRESHOLDS = (0.0, 2.0)
POWERS = (0.01, 2.01)


class Blobs(NamedTuple):
    """Random numbers for the blobs of B images.

    Attributes:
        texture: White noise on a canvas of twice the image's side, [B, C, 2 S, 2 S].
        shape: The same for the blobs' shapes, [B, 1, 2 S, 2 S].
        texture_radius: Deviation of the blur of the texture in pixels, [B].
        shape_radius: Deviation of the blur of the shapes in pixels, [B].
        threshold: Of the shapes, in deviations, above which there is a blob, [B].
        power: By which a blob rises from its edge, [B].
    """

    texture: Tensor
    shape: Tensor
    texture_radius: Tensor
    shape_radius: Tensor
    threshold: Tensor
    power: Tensor


def draw_blobs(x: Tensor, generator: torch.Generator) -> Tensor:
    """Draw blobs to add to images [B, C, S, S], of the same shape.

    Args:
        x: Images, whose deviation is the strength of the blobs.
        generator: The source of all that is drawn, on the device of the images.
    """
    batch, channels, size, _ = x.shape
    canvas = (2 * size, 2 * size)

    def uniform(low: float, high: float) -> Tensor:
        share = torch.rand(batch, generator=generator, device=x.device)
        return low + (high - low) * share

    def white(count: int) -> Tensor:
        return torch.randn((batch, count, *canvas), generator=generator, device=x.device)

    scale = size / REFERENCE_SIZE
    drawn = Blobs(
        texture=white(channels),
        shape=white(1),
        texture_radius=scale * uniform(*RADII),
        shape_radius=scale * uniform(*RADII),
        threshold=uniform(*THRESHOLDS),
        power=uniform(*POWERS),
    )
    return make_blobs(x, drawn)


def make_blobs(x: Tensor, drawn: Blobs) -> Tensor:
    """Return the blobs of images [B, C, S, S], from what was drawn."""
    size = x.shape[-1]
    texture = smooth(drawn.texture, drawn.texture_radius)[..., :size, :size]
    shape = smooth(drawn.shape, drawn.shape_radius)[..., :size, :size]
    threshold, power = (each.view(-1, 1, 1, 1) for each in (drawn.threshold, drawn.power))
    above = (shape - threshold).clamp(min=0)
    mask = above.pow(power)
    return x.std((1, 2, 3), keepdim=True) * texture * mask


def smooth(white: Tensor, radius: Tensor) -> Tensor:
    """Blur noise [B, C, N, N] by Gaussians of deviations [B], around the border, to deviation 1."""
    side = white.shape[-1]
    rows = torch.fft.fftfreq(side, device=white.device).view(-1, 1)
    columns = torch.fft.rfftfreq(side, device=white.device)
    frequency = rows.square() + columns.square()
    exponent = -2 * (torch.pi * radius.view(-1, 1, 1, 1)).square() * frequency
    # Smaller factors change nothing, but would be denormal numbers: processors are slow with them.
    kept = torch.exp(exponent.clamp(min=-60))
    blurred = torch.fft.irfft2(torch.fft.rfft2(white) * kept, s=white.shape[-2:])
    return blurred / blurred.std((2, 3), keepdim=True)
