"""Simplex noise: smooth random fields, of one frequency or as a sum of octaves.

Paper: Perlin, Real-time shading, SIGGRAPH course 2001, chapter 2 (Noise hardware); as a noise of
diffusion models Wyatt et al., CVPR workshops 2022, https://doi.org/10.1109/CVPRW56347.2022.00080
"""

from __future__ import annotations

import torch
from torch import Tensor

_SKEW, _UNSKEW = 1 / 3, 1 / 6
_HASHES = 256
_RADIUS = 0.6  # squared, of the reach of a corner's gradient
# Brings the standard deviation to that of OpenSimplex, 0.31, which AnoDDPM's code takes.
_SCALE = 23.6
# From the center of a cube to the middles of its edges.
_GRADIENTS = (
    (1, 1, 0), (-1, 1, 0), (1, -1, 0), (-1, -1, 0), (1, 0, 1), (-1, 0, 1),
    (1, 0, -1), (-1, 0, -1), (0, 1, 1), (0, -1, 1), (0, 1, -1), (0, -1, -1),
)  # fmt: skip


def octave_noise(
    shape: tuple[int, ...],
    depth: Tensor,
    generator: torch.Generator,
    *,
    octaves: int = 6,
    persistence: float = 0.8,
    scale: float = 64.0,
) -> Tensor:
    """Draw sums of simplex noise of several frequencies, one field for each image and channel.

    Args:
        shape: (B, C, H, W).
        depth: The third coordinate in pixels, such as the time step, [B].
        generator: The source of the fields, on the device of ``depth``.
        octaves: See ``sum_octaves``.
        persistence: See ``sum_octaves``.
        scale: Pixels of a unit of the first octave.

    Returns:
        [B, C, H, W], of deviation 0.31 * sqrt(sum of squared weights), about 0.5.
    """
    batch, channels, height, width = shape
    fields = batch * channels
    z = depth.float().repeat_interleave(channels).view(-1, 1, 1)
    y = torch.arange(height, device=depth.device, dtype=torch.float32).view(1, -1, 1)
    x = torch.arange(width, device=depth.device, dtype=torch.float32).view(1, 1, -1)
    points = torch.stack([each.expand(fields, height, width) for each in (x, y, z)], -1)
    hashes = draw_hashes(fields, generator).to(depth.device)
    noise = sum_octaves(points / scale, hashes, octaves=octaves, persistence=persistence)
    return noise.view(shape)


def draw_hashes(fields: int, generator: torch.Generator) -> Tensor:
    """Draw what ``simplex_noise`` needs for so many fields, [fields, 256]."""
    device = generator.device
    drawn = [torch.randperm(_HASHES, generator=generator, device=device) for _ in range(fields)]
    return torch.stack(drawn)


def sum_octaves(points: Tensor, hashes: Tensor, *, octaves: int, persistence: float) -> Tensor:
    """Return a sum of simplex noise of several frequencies, which is not normalized.

    Args:
        points: In units of the first octave, [N, ..., 3].
        hashes: See ``simplex_noise``.
        octaves: Number of frequencies; each is twice the one before.
        persistence: Weight of an octave in that of the one before.

    Returns:
        [N, ...].
    """
    total = torch.zeros(points.shape[:-1], dtype=points.dtype, device=points.device)
    for octave in range(octaves):
        total += persistence**octave * simplex_noise(points * 2**octave, hashes)
    return total


def simplex_noise(points: Tensor, hashes: Tensor) -> Tensor:
    """Evaluate three-dimensional simplex noise.

    Args:
        points: [N, ..., 3].
        hashes: A permutation of 0 to 255 for each of N fields, [N, 256].

    Returns:
        [N, ...], of mean 0 and a standard deviation of about 0.31.
    """
    cell = torch.floor(points + points.sum(-1, keepdim=True) * _SKEW)
    offset = points - (cell - cell.sum(-1, keepdim=True) * _UNSKEW)
    # The corners of the simplex are passed in the order of the largest coordinate first.
    rank = (offset.unsqueeze(-1) < offset.unsqueeze(-2)).sum(-1)
    ties = (offset.unsqueeze(-1) == offset.unsqueeze(-2)).tril(-1).sum(-1)
    rank = rank + ties
    field = torch.arange(len(hashes), device=points.device)
    field = field.view(-1, *[1] * (points.dim() - 2))
    gradients = torch.tensor(_GRADIENTS, dtype=points.dtype, device=points.device)
    total = torch.zeros(points.shape[:-1], dtype=points.dtype, device=points.device)
    for corner in range(4):
        step = (rank < corner).to(points.dtype)
        vector = offset - step + corner * _UNSKEW
        i, j, k = (cell + step).long().remainder(_HASHES).unbind(-1)
        hashed = hashes[field, k]
        hashed = hashes[field, (j + hashed) % _HASHES]
        hashed = hashes[field, (i + hashed) % _HASHES]
        reach = (_RADIUS - vector.square().sum(-1)).clamp(min=0)
        total += reach.pow(4) * (gradients[hashed % len(_GRADIENTS)] * vector).sum(-1)
    return _SCALE * total
