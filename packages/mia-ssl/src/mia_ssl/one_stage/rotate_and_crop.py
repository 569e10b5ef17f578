"""Random rotations and crops of a batch, in one resampling."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch.nn import functional as F

if TYPE_CHECKING:
    from torch import Tensor

    from mia_ssl.one_stage.options import Sides


def rotate_and_crop(
    images: Tensor,
    sides: Sides,
    rotation: float,
    generator: torch.Generator,
    interpolation: str = "nearest",
) -> Tensor:
    """Rotate each image around its center and cut a random crop from its middle.

    Black where the image ends.

    Args:
        images: uint8 [B, C, S, S].
        sides: Of image, middle and crop.
        rotation: Largest rotation either way, in degrees.
        generator: On the images' device.
        interpolation: ``"nearest"``, or ``"bilinear"``, rounded.

    Returns:
        uint8 [B, C, crop, crop].
    """
    count, device = len(images), images.device
    uniform = torch.rand((count, 1), generator=generator, device=device)
    angle = (2 * uniform - 1) * math.radians(rotation)
    places = sides.middle - sides.crop + 1
    first = (sides.image - sides.middle) // 2
    corner = first + torch.randint(places, (count, 2), generator=generator, device=device)
    steps = torch.arange(sides.crop, device=device) + 0.5 - sides.image / 2
    down = (steps + corner[:, :1])[:, :, None]  # pixels from the image's middle
    right = (steps + corner[:, 1:])[:, None, :]
    cosine, sine = angle.cos()[:, :, None], angle.sin()[:, :, None]
    grid = torch.stack((cosine * right - sine * down, sine * right + cosine * down), -1)
    rotated = F.grid_sample(
        images.float(), grid.mul_(2 / sides.image), mode=interpolation, align_corners=False
    )
    return rotated.round_().byte()
