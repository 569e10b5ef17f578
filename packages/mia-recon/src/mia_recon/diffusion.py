"""Diffusion of images: noise is added step by step, and removed again by a network.

Paper: Ho et al., NeurIPS 2020, https://arxiv.org/abs/2006.11239 (DDPM); Song et al., ICLR 2021,
https://arxiv.org/abs/2010.02502 (DDIM)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

from mia_recon._engine.seeding import generator as make_generator
from mia_recon.simplex_noise import octave_noise

if TYPE_CHECKING:
    from collections.abc import Callable

    from mia_recon.networks.diffusion_unet import DiffusionUNet

NOISES = ("gaussian", "simplex")
CLEAN = -1  # the time step of an image without noise; the others are 0 to T - 1
FIRST_BETA, LAST_BETA = 1e-4, 2e-2
_SEED = 0  # of the noise that images are scored with


class Diffusion(nn.Module):
    """A diffusion model that reconstructs an image: noised up to a level, and denoised again.

    All images get the same noise, drawn from one seed, so that a reconstruction depends on neither
    the batch nor the order.

    Args:
        unet: Predicts the noise.
        steps: Number T of the steps of the whole diffusion; the variances that they add rise
            linearly.
        level: Number of steps that images are noised by before they are denoised, up to T.
        noise: ``"gaussian"`` or ``"simplex"``.
        ddim_steps: Denoise in so many steps of DDIM, without noise; 0 for all steps of DDPM.
        draws: Reconstructions with different noise, whose mean is taken.
    """

    def __init__(
        self,
        unet: DiffusionUNet,
        *,
        steps: int,
        level: int,
        noise: str,
        ddim_steps: int,
        draws: int,
    ) -> None:
        super().__init__()
        self.unet = unet
        self.level = level
        self.noise = noise
        self.ddim_steps = ddim_steps
        self.draws = draws
        self.steps = steps
        betas = np.linspace(FIRST_BETA, LAST_BETA, steps)
        # The share of the image's variance that is left after each step; all of it before the
        # first, step -1.
        self.kept: list[float] = [*np.cumprod(1 - betas).tolist(), 1.0]

    def draw_noise(
        self, shape: tuple[int, ...], steps: Tensor, generator: torch.Generator
    ) -> Tensor:
        """Draw noise [B, C, S, S] for time steps [B], on the device of both."""
        if self.noise == "simplex":
            return octave_noise(shape, steps, generator)
        return torch.randn(shape, generator=generator, device=steps.device)

    def add_noise(self, x: Tensor, noise: Tensor, steps: Tensor) -> Tensor:
        """Return images [B, C, S, S] with the noise of time steps [B], from 0 to T - 1."""
        kept = torch.tensor(self.kept, device=x.device, dtype=torch.float32)[steps]
        kept = kept.view(-1, 1, 1, 1)
        return kept.sqrt() * x + (1 - kept).sqrt() * noise

    def noise_error(self, x: Tensor, generator: torch.Generator) -> Tensor:
        """Return the mean squared error of the predicted noise at random time steps."""
        steps = torch.randint(self.steps, (len(x),), generator=generator, device=x.device)
        noise = self.draw_noise(x.shape, steps, generator)
        predicted = self.unet(self.add_noise(x, noise, steps), steps)
        return (predicted - noise).square().mean()

    def forward(self, x: Tensor) -> Tensor:
        """Return reconstructions of images [B, C, S, S]."""
        return torch.stack([self.reconstruct(x, draw) for draw in range(self.draws)]).mean(0)

    def reconstruct(self, x: Tensor, draw: int = 0) -> Tensor:
        """Return reconstructions of images [B, C, S, S], with the noise of one draw."""
        noise = self.scoring_noise(x, draw)
        way = self.way_back(self.level)
        x = self.renoise(x, CLEAN, way[0][0], noise)
        for step, before in way:
            x = self.denoise(x, step, before, noise)
        return x

    def scoring_noise(self, x: Tensor, *stream: int) -> Callable[[int], Tensor]:
        """Return (time step) -> new noise [1, C, S, S]; the same for all images and devices."""
        seeded = make_generator(_SEED, *stream)  # on the CPU

        def noise(step: int) -> Tensor:
            drawn = self.draw_noise((1, *x.shape[1:]), torch.tensor([step]), seeded)
            return drawn.to(x.device)

        return noise

    def way_back(self, level: int) -> list[tuple[int, int]]:
        """Return the time steps from ``level`` noisy steps to none, each with the one before it.

        They are those of ``count_steps``, evenly spread.
        """
        count = count_steps(level, of=self.level, ddim_steps=self.ddim_steps)
        steps = [round(level * number / count) - 1 for number in range(count + 1)]
        return [(steps[number], steps[number - 1]) for number in range(count, 0, -1)]

    def renoise(self, x: Tensor, before: int, step: int, noise: Callable[[int], Tensor]) -> Tensor:
        """Return images of time step ``before`` with the noise of all steps up to ``step``."""
        kept = self.kept[step] / self.kept[before]
        return kept**0.5 * x + (1 - kept) ** 0.5 * noise(step)

    def denoise(self, x: Tensor, step: int, before: int, noise: Callable[[int], Tensor]) -> Tensor:
        """Return images of time step ``step`` as the network takes them back to ``before``."""
        kept, kept_before = self.kept[step], self.kept[before]
        clean = self._predict_clean(x, step)
        if self.ddim_steps:
            predicted = (x - kept**0.5 * clean) / (1 - kept) ** 0.5
            return kept_before**0.5 * clean + (1 - kept_before) ** 0.5 * predicted
        # The posterior of the step before, given the image without noise.
        own = kept / kept_before
        of_clean = kept_before**0.5 * (1 - own) / (1 - kept)
        of_noisy = own**0.5 * (1 - kept_before) / (1 - kept)
        mean = of_clean * clean + of_noisy * x
        if before == CLEAN:
            return mean
        return mean + ((1 - own) * (1 - kept_before) / (1 - kept)) ** 0.5 * noise(step)

    def _predict_clean(self, x: Tensor, step: int) -> Tensor:
        """Return what the images are without noise, clipped to [-1, 1]."""
        kept = self.kept[step]
        predicted = self.unet(x, torch.full((len(x),), step, device=x.device))
        return ((x - (1 - kept) ** 0.5 * predicted) / kept**0.5).clamp(-1, 1)


def count_steps(level: int, *, of: int, ddim_steps: int) -> int:
    """Return how many steps are taken from ``level`` noisy steps to none.

    All, or at least one in the proportion of ``ddim_steps`` for the ``of`` steps of a
    reconstruction.
    """
    return max(1, round(level * ddim_steps / of)) if ddim_steps else level
