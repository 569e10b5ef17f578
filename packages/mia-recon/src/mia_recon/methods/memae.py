"""memae: an autoencoder that reconstructs from a few memorized codes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from torch import nn

from mia_recon.losses.pixel_error import squared_error
from mia_recon.method import Method, MethodInfo, check_counts
from mia_recon.networks.autoencoder import AutoEncoder, Sizes, autoencoder, shape_of

if TYPE_CHECKING:
    import torch
    from torch import Tensor

_TINY = 1e-12


@dataclass(frozen=True, kw_only=True)
class Options(Sizes):
    """Options of memae.

    Attributes:
        slots: Number of codes in the memory.
        shrink_threshold: Addressing weights below it become zero.
        entropy_weight: Weight of the addressing's entropy in the loss.
    """

    slots: int = 25
    shrink_threshold: float = 0.0025
    entropy_weight: float = 0.0002


class MemoryAutoEncoder(nn.Module):
    """Autoencoder that decodes mixtures of the codes in its memory.

    Args:
        autoencoder: With a code of width ``options.latent``.
        options: The method's.
    """

    def __init__(self, autoencoder: AutoEncoder, options: Options) -> None:
        super().__init__()
        self.autoencoder = autoencoder
        # Its rows are the slots; applying it compares a code with each.
        self.memory = nn.Linear(options.latent, options.slots, bias=False)
        self.shrink_threshold = options.shrink_threshold

    def address(self, code: Tensor) -> Tensor:
        """Return the weight of each slot, [B, slots] summing to 1, for codes [B, latent]."""
        return shrink(self.memory(code).softmax(1), self.shrink_threshold)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return reconstructions [B, C, S, S] and addressing weights [B, slots]."""
        weights = self.address(self.autoencoder.encode(x))
        return self.autoencoder.decode(weights @ self.memory.weight), weights


def shrink(weights: Tensor, threshold: float) -> Tensor:
    """Set weights [B, slots] below the threshold to zero and scale each row to sum to 1."""
    above = weights - threshold
    # A differentiable w * (w > threshold), as in the paper.
    kept = above.relu() * weights / (above.abs() + _TINY)
    return nn.functional.normalize(kept, p=1, dim=1, eps=_TINY)


def network(in_channels: int, image_size: int, options: Options) -> MemoryAutoEncoder:
    """Return the study's autoencoder with a memory at its code."""
    check_counts(slots=options.slots)
    if not 0 <= options.shrink_threshold < 1 / options.slots:
        msg = (
            "expected shrink_threshold to be at least 0 and below 1 / slots = "
            f"{1 / options.slots:.4g} (some slot must stay), got {options.shrink_threshold}"
        )
        raise ValueError(msg)
    return MemoryAutoEncoder(autoencoder(shape_of(in_channels, image_size, options)), options)


def loss(
    network: MemoryAutoEncoder, x: Tensor, options: Options, generator: torch.Generator
) -> dict[str, Tensor]:
    """Return the mean squared error plus the weighted entropy of the addressing."""
    reconstruction, weights = network(x)
    pixels = squared_error(x, reconstruction).mean()
    entropy = entropy_of(weights).mean()
    total = pixels + options.entropy_weight * entropy
    return {"loss": total, "reconstruction": pixels, "entropy": entropy}


def entropy_of(weights: Tensor) -> Tensor:
    """Return the entropy [B] of weights [B, slots] that sum to 1."""
    return -(weights * (weights + _TINY).log()).sum(1)


def reconstruct(network: MemoryAutoEncoder, x: Tensor) -> Tensor:
    """Return reconstructions [B, C, S, S] of images."""
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
