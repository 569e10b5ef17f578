"""An autoencoder that decodes only mixtures of what it has memorised."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn

if TYPE_CHECKING:
    from torch import Tensor

    from mia_recon.networks.autoencoder import AutoEncoder

_TINY = 1e-12


class MemoryAutoEncoder(nn.Module):
    """An autoencoder with a memory between its encoder and its decoder.

    Args:
        autoencoder: With a code of width ``latent``.
        latent: Width of a memory slot.
        slots: Number of slots.
        shrink_threshold: Addressing weights below it become zero.
    """

    def __init__(
        self, autoencoder: AutoEncoder, *, latent: int, slots: int, shrink_threshold: float
    ) -> None:
        super().__init__()
        self.autoencoder = autoencoder
        self.memory = nn.Linear(latent, slots, bias=False)  # rows are slots; applying it compares
        self.shrink_threshold = shrink_threshold

    def address(self, code: Tensor) -> Tensor:
        """Code [B, latent] -> weight of each slot, [B, slots], summing to 1."""
        return shrink(self.memory(code).softmax(1), self.shrink_threshold)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """[B, C, S, S] -> its reconstruction and the addressing weights [B, slots]."""
        weights = self.address(self.autoencoder.encode(x))
        return self.autoencoder.decode(weights @ self.memory.weight), weights


def shrink(weights: Tensor, threshold: float) -> Tensor:
    """[B, slots] -> the same without what is below the threshold, each row summing to 1."""
    above = weights - threshold
    # A differentiable w * (w > threshold), as the paper has it.
    kept = above.relu() * weights / (above.abs() + _TINY)
    return nn.functional.normalize(kept, p=1, dim=1, eps=_TINY)
