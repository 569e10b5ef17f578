"""memae: an autoencoder that reconstructs from a few memorised codes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mia_recon._engine.options import check_counts
from mia_recon._engine.records import MethodInfo
from mia_recon.losses.errors import squared_error
from mia_recon.method import Method
from mia_recon.networks.autoencoder import Sizes, autoencoder, shape_of
from mia_recon.networks.memory import MemoryAutoEncoder

if TYPE_CHECKING:
    import torch
    from torch import Tensor


@dataclass(frozen=True, kw_only=True)
class Options(Sizes):
    """Sizes, memory, and the weight of its loss.

    Attributes:
        slots: Codes that the memory holds.
        shrink_threshold: Addressing weights below it become zero.
        entropy_weight: Of the entropy of the addressing weights in the loss.
    """

    slots: int = 25
    shrink_threshold: float = 0.0025
    entropy_weight: float = 0.0002


def network(in_channels: int, image_size: int, options: Options) -> MemoryAutoEncoder:
    """The backbone with a memory at its code."""
    check_counts(slots=options.slots)
    if not 0 <= options.shrink_threshold < 1 / options.slots:
        msg = (
            "expected shrink_threshold to be at least 0 and below 1 / slots = "
            f"{1 / options.slots:.4g} (some slot must stay), got {options.shrink_threshold}"
        )
        raise ValueError(msg)
    return MemoryAutoEncoder(
        autoencoder(shape_of(in_channels, image_size, options)),
        latent=options.latent,
        slots=options.slots,
        shrink_threshold=options.shrink_threshold,
    )


def loss(
    network: MemoryAutoEncoder, x: Tensor, options: Options, generator: torch.Generator
) -> dict[str, Tensor]:
    """Mean squared error, and the entropy of the addressing so that few slots are used."""
    reconstruction, weights = network(x)
    pixels = squared_error(x, reconstruction).mean()
    entropy = entropy_of(weights).mean()
    total = pixels + options.entropy_weight * entropy
    return {"loss": total, "reconstruction": pixels, "entropy": entropy}


def entropy_of(weights: Tensor) -> Tensor:
    """[B, slots] summing to 1 -> entropy [B]."""
    return -(weights * (weights + 1e-12).log()).sum(1)


def reconstruct(network: MemoryAutoEncoder, x: Tensor) -> Tensor:
    """[B, C, S, S] -> the same shape, from the memory."""
    return network(x)[0]


METHOD = Method(
    info=MethodInfo(
        name="memae",
        family="reconstruction",
        summary="autoencoder with a memory of normal codes",
        paper="https://arxiv.org/abs/1904.02639",
        image_size=64,
    ),
    options=Options,
    network=network,
    loss=loss,
    anomaly_map=lambda network, x, options: squared_error(x, reconstruct(network, x)),
    reconstruct=reconstruct,
)
