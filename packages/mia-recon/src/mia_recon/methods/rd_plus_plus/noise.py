"""Simplex noise in a rectangle at a random place of each image.

Paper: https://openaccess.thecvf.com/content/CVPR2023/html/Tien_Revisiting_Reverse_Distillation_for_Anomaly_Detection_CVPR_2023_paper.html
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from mia_recon.simplex_noise import draw_hashes, sum_octaves

OCTAVES, PERSISTENCE = 6, 0.6
# Shares of an image's side: at the original's 256 px, rectangles of 10 to 31 px, and noise whose
# first octave has a unit of 32 px.
LEAST, MOST = 10 / 256, 1 / 8
UNIT = 1 / 8
_CHANNELS = 3


class Rectangles(NamedTuple):
    """Places in images; tensors of whole numbers [B]."""

    top: Tensor
    left: Tensor
    height: Tensor
    width: Tensor


def add_noise(images: Tensor, strength: float, generator: torch.Generator) -> Tensor:
    """Add noise in a rectangle of each image; a gray image gets colored noise, as an RGB one.

    Args:
        images: [B, 1 or 3, S, S].
        strength: Factor of the noise, whose deviation is about 0.4.
        generator: The source of places and noise, on the device of the images.

    Returns:
        [B, 3, S, S].
    """
    count, _, size, _ = images.shape
    rectangles = draw_rectangles(count, size, generator)
    noise = draw_octaves(count, max(2, int(size * MOST)), size * UNIT, generator)
    return images + strength * place_noise(noise, rectangles, size)


def draw_rectangles(count: int, size: int, generator: torch.Generator) -> Rectangles:
    """Draw a rectangle for each of ``count`` images of side ``size``."""
    device = generator.device
    most = max(2, int(size * MOST))
    least = min(max(1, round(size * LEAST)), most - 1)
    height, width = torch.randint(least, most, (2, count), generator=generator, device=device)
    shares = torch.rand((2, count), generator=generator, device=device)
    top, left = (
        1 + (share * (size - side - 1)).long()
        for share, side in zip(shares, (height, width), strict=True)
    )
    return Rectangles(top, left, height, width)


def draw_octaves(count: int, side: int, unit: float, generator: torch.Generator) -> Tensor:
    """Draw sums of simplex noise, a field for each image.

    Args:
        count: Number of images, B.
        side: Height and width of the noise, N.
        unit: Pixels of a unit of the first octave.
        generator: The source of the fields.

    Returns:
        [B, 3, N, N]; the channels are neighboring slices of one field.
    """
    line = torch.arange(side, device=generator.device, dtype=torch.float32)
    z, y, x = torch.meshgrid(line.new_tensor(range(_CHANNELS)), line, line, indexing="ij")
    points = torch.stack([x, y, z], -1).expand(count, -1, -1, -1, -1) / unit
    hashes = draw_hashes(count, generator)
    return sum_octaves(points, hashes, octaves=OCTAVES, persistence=PERSISTENCE)


def place_noise(noise: Tensor, rectangles: Rectangles, size: int) -> Tensor:
    """Return noise [B, 3, N, N] in its rectangles of images [B, 3, S, S] of zeros."""
    line = torch.arange(size, device=noise.device)
    rows, columns = (line - start[:, None] for start in (rectangles.top, rectangles.left))
    in_rows = (rows >= 0) & (rows < rectangles.height[:, None])
    in_columns = (columns >= 0) & (columns < rectangles.width[:, None])
    last = noise.shape[-1] - 1
    image = torch.arange(len(noise), device=noise.device)[:, None, None]
    taken = noise.permute(0, 2, 3, 1)[
        image, rows.clamp(0, last)[:, :, None], columns.clamp(0, last)[:, None, :]
    ]
    inside = (in_rows[:, :, None] & in_columns[:, None, :])[..., None]
    return (taken * inside).permute(0, 3, 1, 2)
