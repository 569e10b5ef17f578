"""ae: an autoencoder with squared error."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from mia_recon._engine.records import MethodInfo
from mia_recon.losses.errors import squared_error
from mia_recon.method import Method
from mia_recon.networks.autoencoder import AutoEncoder, Shape

if TYPE_CHECKING:
    import torch
    from torch import Tensor


@dataclass(frozen=True, kw_only=True)
class Options:
    """Sizes of the network; see ``networks.autoencoder.Shape``."""

    latent: int = Shape.latent
    width: int = Shape.width
    depth: int = Shape.depth
    hidden: int = Shape.hidden


def network(in_channels: int, image_size: int, options: Options) -> AutoEncoder:
    """The backbone as it is."""
    return AutoEncoder(Shape(in_channels=in_channels, image_size=image_size, **asdict(options)))


def loss(
    network: AutoEncoder, x: Tensor, options: Options, generator: torch.Generator
) -> dict[str, Tensor]:
    """Mean squared error."""
    return {"loss": squared_error(x, network(x)).mean()}


def anomaly_map(network: AutoEncoder, x: Tensor, options: Options) -> Tensor:
    """Squared error of each pixel, [B, C, S, S]."""
    return squared_error(x, network(x))


METHOD = Method(
    info=MethodInfo(
        name="ae",
        family="reconstruction",
        summary="autoencoder, squared error",
        paper="https://arxiv.org/abs/2404.04518",
        image_size=64,
    ),
    options=Options,
    network=network,
    loss=loss,
    anomaly_map=anomaly_map,
    reconstruct=lambda network, x: network(x),
)
