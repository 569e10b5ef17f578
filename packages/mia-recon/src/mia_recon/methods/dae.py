"""dae: a denoising autoencoder, a U-Net that removes coarse noise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch.nn import functional as F

from mia_recon.blob_noise import draw_blobs
from mia_recon.losses.pixel_error import squared_error
from mia_recon.method import (
    Method,
    MethodInfo,
    check_choice,
    check_counts,
    check_positive,
    error_map,
)
from mia_recon.networks.unet import UNet

if TYPE_CHECKING:
    from torch import Tensor

BLACK = -1.0
CORRUPTIONS = ("coarse", "blobs")
NOISE_REGIONS = ("everywhere", "foreground")


@dataclass(frozen=True, kw_only=True)
class Options:
    """Options of dae.

    Attributes:
        depth: Number of image sizes at which the U-Net works, the full one included.
        filters: Channels at full size.
        corruption: What is added to the training images: ``"coarse"`` noise, as in the study, or
            ``"blobs"`` of smooth noise, as QBAE does (https://arxiv.org/abs/2610.09670).
        blob_strength: Factor of the blobs, whose unit is the deviation of the image.
        noise_std: Standard deviation of the noise, for images from 0 to 1.
        noise_resolution: Side of the grid that the noise is drawn on.
        noise_region: Where noise is added: ``"everywhere"``, or ``"foreground"`` for pixels that
            are not black, as in the study on braintumor and brats2021.
        original_noise: Use the original code's noise: lower by 1 everywhere, the background
            included, and rolled alike for the whole batch, whose lowest value is background. Not
            with blobs.
    """

    depth: int = 5
    filters: int = 64
    corruption: str = "coarse"
    blob_strength: float = 1.0
    noise_std: float = 0.2
    noise_resolution: int = 16
    noise_region: str = "everywhere"
    original_noise: bool = False


def network(in_channels: int, image_size: int, options: Options) -> UNet:
    """Return the U-Net, for images that it can halve."""
    check_counts(
        image_size=image_size,
        depth=options.depth,
        filters=options.filters,
        noise_resolution=options.noise_resolution,
    )
    check_positive(noise_std=options.noise_std, blob_strength=options.blob_strength)
    check_choice("corruption", options.corruption, CORRUPTIONS)
    if options.corruption == "blobs" and options.original_noise:
        msg = "expected original_noise to be False with corruption='blobs', got True"
        raise ValueError(msg)
    check_choice("noise_region", options.noise_region, NOISE_REGIONS)
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
    """Return the mean squared error of the reconstruction of images with noise or blobs."""
    add = blobs if options.corruption == "blobs" else noise
    return {"loss": denoising_error(network, x, x + add(x, options, generator))}


def denoising_error(network: UNet, x: Tensor, noisy: Tensor) -> Tensor:
    """Return the mean squared error between images and the reconstruction of noisy ones."""
    return squared_error(x, network(noisy)).mean()


def blobs(x: Tensor, options: Options, generator: torch.Generator) -> Tensor:
    """Draw the blobs to add to images [B, C, S, S] in [-1, 1]."""
    drawn = options.blob_strength * draw_blobs(x, generator)
    return drawn * foreground(x, options) if options.noise_region == "foreground" else drawn


def noise(x: Tensor, options: Options, generator: torch.Generator) -> Tensor:
    """Draw the noise to add to images [B, C, S, S] in [-1, 1]."""
    batch, channels, size, _ = x.shape
    shape = (batch, channels, options.noise_resolution, options.noise_resolution)
    grid = torch.randn(shape, generator=generator, device=x.device) * options.noise_std
    rolls = 1 if options.original_noise else batch
    shifts = torch.randint(size, (rolls, 2), generator=generator, device=x.device)
    return noise_of(grid, shifts.expand(batch, 2), x, options)


def noise_of(grid: Tensor, shifts: Tensor, x: Tensor, options: Options) -> Tensor:
    """Return the noise to add to images, from what was drawn.

    Args:
        grid: Noise of deviation ``noise_std`` on a coarse grid, [B, C, resolution, resolution].
        shifts: Rows and columns to roll each image's noise by, [B, 2].
        x: Images [B, C, S, S] in [-1, 1].
        options: The method's.
    """
    noise = F.interpolate(grid, size=x.shape[2:], mode="bilinear", align_corners=True)
    noise = roll(noise, shifts)
    if options.noise_region == "foreground":
        noise = noise * foreground(x, options)
    return (noise - 0.5) * 2 if options.original_noise else noise * 2


def foreground(x: Tensor, options: Options) -> Tensor:
    """Return a mask of the foreground, [B, 1, S, S] or, as the original code's, [B, C, S, S]."""
    if options.original_noise:
        return x > x.min()
    return (x > BLACK).any(dim=1, keepdim=True)


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
