"""dae: a denoising autoencoder, a U-Net that removes coarse noise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch.nn import functional as F

from mia_recon.losses.pixel_error import squared_error
from mia_recon.method import Method, MethodInfo, check_counts, check_positive, error_map
from mia_recon.networks.unet import UNet

if TYPE_CHECKING:
    from torch import Tensor

# Brighter than this, in [-1, 1], is foreground: 1 % of the range above black.
FOREGROUND = 2 * 0.01 - 1


@dataclass(frozen=True, kw_only=True)
class Options:
    """Options of dae.

    Attributes:
        depth: Number of image sizes at which the U-Net works, the full one included.
        filters: Channels at full size.
        noise_std: Standard deviation of the noise, for images from 0 to 1.
        noise_resolution: Side of the grid that the noise is drawn on.
        foreground: Whether black background stays free of noise, as in the study on MRI.
        original_noise: Use the original code's noise: lower by 1 everywhere, the background
            included, and rolled alike for the whole batch.
    """

    depth: int = 5
    filters: int = 64
    noise_std: float = 0.2
    noise_resolution: int = 16
    foreground: bool = True
    original_noise: bool = False


def network(in_channels: int, image_size: int, options: Options) -> UNet:
    """Return the U-Net, for images that it can halve."""
    check_counts(
        image_size=image_size,
        depth=options.depth,
        filters=options.filters,
        noise_resolution=options.noise_resolution,
    )
    check_positive(noise_std=options.noise_std)
    step = 2 ** (options.depth - 1)
    if image_size % step:
        msg = f"expected image_size to be a multiple of {step}, got {image_size}"
        raise ValueError(msg)
    if image_size == step:
        msg = f"expected image_size to be at least {2 * step} (a pixel has no border), got {step}"
        raise ValueError(msg)
    return UNet(in_channels, depth=options.depth, filters=options.filters)


def loss(
    network: UNet, x: Tensor, options: Options, generator: torch.Generator
) -> dict[str, Tensor]:
    """Return the mean squared error of the reconstruction of images with noise."""
    return {"loss": denoising_error(network, x, x + noise(x, options, generator))}


def denoising_error(network: UNet, x: Tensor, noisy: Tensor) -> Tensor:
    """Return the mean squared error between images and the reconstruction of noisy ones."""
    return squared_error(x, network(noisy)).mean()


def noise(x: Tensor, options: Options, generator: torch.Generator) -> Tensor:
    """Return the noise to add to images [B, C, S, S] in [-1, 1]."""
    batch, channels, size, _ = x.shape
    grid = (batch, channels, options.noise_resolution, options.noise_resolution)
    drawn = torch.randn(grid, generator=generator, device=x.device) * options.noise_std
    drawn = F.interpolate(drawn, size=(size, size), mode="bilinear", align_corners=True)
    rolls = 1 if options.original_noise else batch
    shifts = torch.randint(size, (rolls, 2), generator=generator, device=x.device)
    drawn = roll(drawn, shifts.expand(batch, 2))
    if options.foreground:
        drawn = drawn * (x > FOREGROUND).any(dim=1, keepdim=True)
    return (drawn - 0.5) * 2 if options.original_noise else drawn * 2


def roll(images: Tensor, shifts: Tensor) -> Tensor:
    """Roll each image [B, C, S, S] by its own (rows, columns) of ``shifts`` [B, 2]."""
    places = torch.arange(images.shape[-1], device=images.device)
    rows, columns = ((places - shifts[:, [axis]]) % len(places) for axis in (0, 1))
    which = torch.arange(len(images), device=images.device)[:, None, None]
    # Indices on both sides of the channels bring these last: [B, S, S, C].
    return images[which, :, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)


METHOD = Method(
    info=MethodInfo(
        name="dae",
        family="reconstruction",
        summary="U-Net that removes coarse noise",
        paper="https://proceedings.mlr.press/v172/kascenas22a.html",
        image_size=128,
        batch_size=16,
    ),
    options=Options,
    network=network,
    loss=loss,
    anomaly_map=error_map(squared_error),
)
