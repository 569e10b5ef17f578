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
        level: The step that images are noised to before they are denoised, up to T.
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
        betas = np.linspace(FIRST_BETA, LAST_BETA, steps)
        self.betas: list[float] = betas.tolist()
        # The share of the image's variance that is left after each step.
        self.kept: list[float] = np.cumprod(1 - betas).tolist()

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
        steps = torch.randint(len(self.betas), (len(x),), generator=generator, device=x.device)
        noise = self.draw_noise(x.shape, steps, generator)
        predicted = self.unet(self.add_noise(x, noise, steps), steps)
        return (predicted - noise).square().mean()

    def forward(self, x: Tensor) -> Tensor:
        """Return reconstructions of images [B, C, S, S]."""
        return torch.stack([self.reconstruct(x, draw) for draw in range(self.draws)]).mean(0)

    def reconstruct(self, x: Tensor, draw: int = 0) -> Tensor:
        """Return reconstructions of images [B, C, S, S], with the noise of one draw."""
        seeded = make_generator(_SEED, draw)  # on the CPU, for the same noise on every device

        def noise(step: int) -> Tensor:
            drawn = self.draw_noise((1, *x.shape[1:]), torch.tensor([step]), seeded)
            return drawn.to(x.device)

        first = self.level - 1
        noisy = self.add_noise(x, noise(first), torch.full((len(x),), first, device=x.device))
        if self.ddim_steps:
            return self._denoise_ddim(noisy, self.ddim_steps)
        return self._denoise_ddpm(noisy, noise)

    def _denoise_ddpm(self, x: Tensor, noise: Callable[[int], Tensor]) -> Tensor:
        """Denoise by every step, with new noise in each but the last."""
        for step in reversed(range(self.level)):
            kept, before = self.kept[step], self.kept[step - 1] if step else 1.0
            beta = self.betas[step]
            clean = self._predict_clean(x, step)
            # The mean of the posterior, given the image without noise.
            of_clean = before**0.5 * beta / (1 - kept)
            of_noisy = (1 - beta) ** 0.5 * (1 - before) / (1 - kept)
            x = of_clean * clean + of_noisy * x
            if step:
                x = x + (beta * (1 - before) / (1 - kept)) ** 0.5 * noise(step)
        return x

    def _denoise_ddim(self, x: Tensor, count: int) -> Tensor:
        """Denoise in ``count`` even steps, without noise."""
        places = [round(self.level * (number + 1) / count) - 1 for number in range(count)]
        for number in reversed(range(count)):
            step = places[number]
            kept, before = self.kept[step], self.kept[places[number - 1]] if number else 1.0
            clean = self._predict_clean(x, step)
            predicted = (x - kept**0.5 * clean) / (1 - kept) ** 0.5
            x = before**0.5 * clean + (1 - before) ** 0.5 * predicted
        return x

    def _predict_clean(self, x: Tensor, step: int) -> Tensor:
        """Return what the images are without noise, clipped to [-1, 1]."""
        kept = self.kept[step]
        predicted = self.unet(x, torch.full((len(x),), step, device=x.device))
        return ((x - (1 - kept) ** 0.5 * predicted) / kept**0.5).clamp(-1, 1)
