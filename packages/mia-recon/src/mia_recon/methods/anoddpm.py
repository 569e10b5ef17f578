"""anoddpm: a diffusion model; an image is noised to a level, denoised, and compared."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mia_recon._engine.seeding import initialize
from mia_recon.diffusion import NOISES, Diffusion, count_steps
from mia_recon.losses.pixel_error import absolute_error
from mia_recon.method import Method, MethodInfo, check_choice, check_counts
from mia_recon.networks.diffusion_unet import DiffusionUNet

if TYPE_CHECKING:
    import torch
    from torch import Tensor


@dataclass(frozen=True, kw_only=True)
class Options:
    """Options of anoddpm.

    Attributes:
        width: Channels of the U-Net at full size, a multiple of 32; at the others it has twice as
            many.
        depth: Number of image sizes at which the U-Net works, the full one included.
        attention: Number of the smallest image sizes that have self-attention.
        blocks: Residual blocks at each size.
        heads: Heads of each self-attention.
        noise: ``"gaussian"`` or ``"simplex"``.
        steps: Steps of the whole diffusion.
        level: Number of steps that an image is noised by before it is denoised.
        ddim_steps: Denoise in so many steps of DDIM, up to ``level``; 0 for all ``level`` steps of
            DDPM, as in the paper, which takes as many calls of the network for each image.
        draws: Reconstructions with different noise whose mean is taken.
    """

    width: int = 128
    depth: int = 3
    attention: int = 2
    blocks: int = 1
    heads: int = 1
    noise: str = "gaussian"
    steps: int = 1000
    level: int = 200
    ddim_steps: int = 0
    draws: int = 1


def network(in_channels: int, image_size: int, options: Options) -> Diffusion:
    """Return the diffusion model, for images that its U-Net can halve."""
    check_counts(
        image_size=image_size,
        width=options.width,
        depth=options.depth,
        blocks=options.blocks,
        heads=options.heads,
        steps=options.steps,
        level=options.level,
        draws=options.draws,
    )
    check_choice("noise", options.noise, NOISES)
    _check_unet(options)
    if options.level > options.steps:
        msg = f"expected level to be at most steps ({options.steps}), got {options.level}"
        raise ValueError(msg)
    if not 0 <= options.ddim_steps <= options.level:
        msg = f"expected ddim_steps to be from 0 to level ({options.level}), "
        raise ValueError(f"{msg}got {options.ddim_steps}")
    step = 2 ** (options.depth - 1)
    if image_size % step:
        msg = f"expected image_size to be a multiple of {step}, got {image_size}"
        raise ValueError(msg)
    unet = DiffusionUNet(
        in_channels,
        channels=[options.width, *[2 * options.width] * (options.depth - 1)],
        attention=[level >= options.depth - options.attention for level in range(options.depth)],
        blocks=options.blocks,
        heads=options.heads,
    )
    return Diffusion(
        unet,
        steps=options.steps,
        level=options.level,
        noise=options.noise,
        ddim_steps=options.ddim_steps,
        draws=options.draws,
    )


def _check_unet(options: Options) -> None:
    if options.width % 32:
        msg = f"expected width to be a multiple of 32, got {options.width}"
        raise ValueError(msg)
    if not 0 <= options.attention <= options.depth:
        msg = f"expected attention to be from 0 to depth ({options.depth}), "
        raise ValueError(f"{msg}got {options.attention}")
    if options.width % options.heads:
        msg = f"expected width to be a multiple of heads ({options.heads}), got {options.width}"
        raise ValueError(msg)


def draw(network: Diffusion, generator: torch.Generator) -> None:
    """Draw the weights; the last convolutions begin at zero."""
    initialize(network, generator)
    network.unet.zero_last()


def loss(
    network: Diffusion, x: Tensor, options: Options, generator: torch.Generator
) -> dict[str, Tensor]:
    """Return the mean squared error of the predicted noise, of images from 0 to 1."""
    return {"loss": network.noise_error((x + 1) / 2, generator)}


def reconstruct(network: Diffusion, x: Tensor) -> Tensor:
    """Return reconstructions [B, C, S, S] in [-1, 1] of such images."""
    return network((x + 1) / 2).clamp(0, 1) * 2 - 1


def anomaly_map(network: Diffusion, x: Tensor, options: Options) -> Tensor:
    """Return the absolute error of the reconstruction, of images from 0 to 1."""
    return absolute_error(x, reconstruct(network, x)) / 2


def calls(options: Options) -> int:
    """Return how often the network is called for an image."""
    level = options.level
    return options.draws * count_steps(level, of=level, ddim_steps=options.ddim_steps)


def counted(options: Options) -> Options:
    """Return options with a single step: all cost the same."""
    return replace(options, ddim_steps=1, draws=1)


METHOD = Method(
    info=MethodInfo(
        name="anoddpm",
        family="reconstruction",
        summary="diffusion model that denoises a noised image",
        paper="https://doi.org/10.1109/CVPRW56347.2022.00080",
        image_size=128,
        batch_size=16,
        epochs=3000,
        learning_rate=1e-4,
    ),
    options=Options,
    network=network,
    draw=draw,
    loss=loss,
    anomaly_map=anomaly_map,
    reconstruct=reconstruct,
    calls=calls,
    counted=counted,
)


@dataclass(frozen=True, kw_only=True)
class SimplexOptions(Options):
    """Options of anoddpm-simplex: those of anoddpm, with simplex noise."""

    noise: str = "simplex"


SIMPLEX = replace(
    METHOD,
    info=replace(
        METHOD.info,
        name="anoddpm-simplex",
        summary="diffusion model that denoises an image with simplex noise",
    ),
    options=SimplexOptions,
)
