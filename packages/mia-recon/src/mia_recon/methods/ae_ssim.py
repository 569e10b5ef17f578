"""ae-ssim: an autoencoder that compares structure rather than pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mia_recon.losses.ssim import (
    BORDERS,
    MS_SSIM_SIZE,
    WINDOW,
    dissimilarity_map,
    multi_scale_dissimilarity,
    structural_dissimilarity,
)
from mia_recon.method import Method, MethodInfo, check_choice
from mia_recon.networks.autoencoder import Sizes, plain_autoencoder

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from mia_recon.networks.autoencoder import AutoEncoder

# Training loss -> smallest image it can compare.
_SMALLEST = {"ssim": WINDOW, "ms-ssim": MS_SSIM_SIZE}


@dataclass(frozen=True, kw_only=True)
class Options(Sizes):
    """Options of ae-ssim.

    Attributes:
        loss: Training loss: ``"ssim"``, or ``"ms-ssim"`` for SSIM over five scales.
        map_border: How the map reaches the image's border, ``"stretch"`` or ``"pad"``; see
            ``dissimilarity_map``.
    """

    loss: str = "ssim"
    map_border: str = "stretch"


def network(in_channels: int, image_size: int, options: Options) -> AutoEncoder:
    """Return the study's autoencoder, for images that SSIM's window fits into."""
    check_choice("loss", options.loss, _SMALLEST)
    check_choice("map_border", options.map_border, BORDERS)
    if image_size < _SMALLEST[options.loss]:
        msg = (
            f"expected image_size to be at least {_SMALLEST[options.loss]} with "
            f"loss={options.loss!r}, whose window must fit into the image, got {image_size}"
        )
        raise ValueError(msg)
    return plain_autoencoder(in_channels, image_size, options)


def loss(
    network: AutoEncoder, x: Tensor, options: Options, generator: torch.Generator
) -> dict[str, Tensor]:
    """Return the mean structural dissimilarity, before its map is brought to the image's size."""
    if options.loss == "ms-ssim":
        return {"loss": multi_scale_dissimilarity(x, network(x))}
    return {"loss": structural_dissimilarity(x, network(x)).mean()}


def anomaly_map(network: AutoEncoder, x: Tensor, options: Options) -> Tensor:
    """Return the structural dissimilarity of each pixel, [B, C, S, S]."""
    return dissimilarity_map(x, network(x), options.map_border)


METHOD = Method(
    info=MethodInfo(
        name="ae-ssim",
        family="reconstruction",
        summary="autoencoder, 1 - SSIM",
        paper="https://arxiv.org/abs/1807.02011",
        image_size=64,
    ),
    options=Options,
    network=network,
    loss=loss,
    anomaly_map=anomaly_map,
)
