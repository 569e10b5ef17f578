"""Inpainting by a diffusion model: it draws anew what a mask covers, to fit what is around it.

Paper: Lugmayr et al., RePaint, CVPR 2022, https://arxiv.org/abs/2201.09865
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from mia_recon.diffusion import CLEAN

if TYPE_CHECKING:
    from torch import Tensor

    from mia_recon.diffusion import Diffusion

STREAM = (0, 1)  # of the noise, which is not that of reconstructions


def inpaint(
    diffusion: Diffusion, x: Tensor, mask: Tensor, start: Tensor, *, level: int, rounds: int
) -> Tensor:
    """Replace what a mask covers by what is likely beside the rest.

    ``start`` is noised by ``level`` steps. In each step back, what is known is the image outside
    the mask with fresh noise, and what is unknown is denoised by the network. Then a step's noise
    is added to both together and the step is repeated, so that they come to fit each other.

    Args:
        diffusion: The model, which also says how many steps are taken.
        x: Images [B, C, S, S] in [0, 1].
        mask: What to draw anew, bool [B, 1, S, S].
        start: What the unknown part starts from, images [B, C, S, S] in [0, 1].
        level: Number of steps that ``start`` is noised by.
        rounds: How often each step is done.

    Returns:
        [B, C, S, S].
    """
    noise = diffusion.scoring_noise(x, *STREAM)
    known = x.masked_fill(mask, 0)
    way = diffusion.way_back(level)
    y = diffusion.renoise(start, CLEAN, way[0][0], noise)
    for step, before in way:
        for left in reversed(range(rounds)):
            unknown = diffusion.denoise(y, step, before, noise)
            outside = known if before == CLEAN else diffusion.renoise(known, CLEAN, before, noise)
            y = torch.where(mask, unknown, outside)
            if left:
                y = diffusion.renoise(y, before, step, noise)
    return y
