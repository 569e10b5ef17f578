"""autoddpm: a diffusion model that masks what it reconstructs differently, and inpaints it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mia_recon._engine.backbones import Backbone
from mia_recon.diffusion import count_steps
from mia_recon.losses.pixel_error import absolute_error
from mia_recon.method import Method, MethodInfo, check_counts, check_positive, paths_as_text
from mia_recon.methods import anoddpm
from mia_recon.methods.autoddpm.network import AutoDDPM

if TYPE_CHECKING:
    import torch
    from torch import Tensor


@dataclass(frozen=True, kw_only=True)
class Options(anoddpm.Options):
    """Options of autoddpm, besides those of anoddpm.

    The mask takes features of a frozen network where the paper takes LPIPS, whose weights need a
    download. ``ddim_steps`` are those of the reconstruction; the inpainting then takes steps of the
    same length. ``draws`` are of the reconstruction.

    Attributes:
        inpaint_level: Number of steps that the reconstruction is noised by to be inpainted.
        resamplings: How often each step of the inpainting is done.
        threshold: Of the first map, above which pixels are inpainted; None for the 95th percentile
            of each image's. The paper's .13 is of LPIPS, and not of the features here.
        backbone: Frozen network whose features are compared: ``"efficientnet-lite0"``, whose
            weights need no download, or another one with a stage of stride 16 or less.
        weights: File with the backbone's state dict; None for its usual place.
    """

    inpaint_level: int = 50
    resamplings: int = 5
    threshold: float | None = None
    backbone: str = "efficientnet-lite0"
    weights: str | None = None

    def __post_init__(self) -> None:
        check_counts(inpaint_level=self.inpaint_level, resamplings=self.resamplings)
        if self.threshold is not None:
            check_positive(threshold=self.threshold)
        paths_as_text(self, "weights")


def network(in_channels: int, image_size: int, options: Options) -> AutoDDPM:
    """Return the diffusion model of anoddpm beside a frozen network."""
    if options.inpaint_level > options.steps:
        msg = f"expected inpaint_level to be at most steps ({options.steps}), "
        raise ValueError(f"{msg}got {options.inpaint_level}")
    return AutoDDPM(
        anoddpm.network(in_channels, image_size, options),
        Backbone(options.backbone, options.weights),
        inpaint_level=options.inpaint_level,
        resamplings=options.resamplings,
        threshold=options.threshold,
    )


def draw(network: AutoDDPM, generator: torch.Generator) -> None:
    """Draw the weights, as those of anoddpm."""
    anoddpm.draw(network.diffusion, generator)


def loss(
    network: AutoDDPM, x: Tensor, options: Options, generator: torch.Generator
) -> dict[str, Tensor]:
    """Return the loss of anoddpm."""
    return anoddpm.loss(network.diffusion, x, options, generator)


def reconstruct(network: AutoDDPM, x: Tensor) -> Tensor:
    """Return inpainted images [B, C, S, S] in [-1, 1] of such images."""
    inpainted, _ = network((x + 1) / 2)
    return inpainted * 2 - 1


def anomaly_map(network: AutoDDPM, x: Tensor, options: Options) -> Tensor:
    """Return the absolute error of the inpainted image, of images from 0 to 1, by the first map."""
    images = (x + 1) / 2
    inpainted, first = network(images)
    return absolute_error(images, inpainted) * first


def calls(options: Options) -> int:
    """Return how often the diffusion model's network is called for an image."""
    level, steps = options.level, options.ddim_steps
    inpainting = count_steps(options.inpaint_level, of=level, ddim_steps=steps)
    return anoddpm.calls(options) + options.resamplings * inpainting


def counted(options: Options) -> Options:
    """Return options with a step of each.

    The frozen network is counted with each call, which adds less than a thousandth.
    """
    return replace(options, ddim_steps=1, draws=1, resamplings=1)


METHOD = Method(
    info=MethodInfo(
        name="autoddpm",
        family="reconstruction",
        summary="diffusion model that inpaints what it reconstructs differently",
        paper="https://arxiv.org/abs/2305.19643",
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
