"""Adam in one fused kernel, and its state from a checkpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from .settings import Settings


BETAS = (0.9, 0.999)  # PyTorch's own


def adam(
    network: torch.nn.Module, settings: Settings, *, betas: tuple[float, float] = BETAS
) -> torch.optim.Adam:
    """Return Adam on the parameters that require gradients."""
    learning = [parameter for parameter in network.parameters() if parameter.requires_grad]
    return torch.optim.Adam(learning, lr=settings.learning_rate, betas=betas, fused=True)


def load_adam(optimizer: torch.optim.Adam, state: dict[str, Any]) -> None:
    """Restore an Adam's state, with each moment laid out in memory as its parameter is.

    A stored tensor comes back in the default layout; the fused kernel pairs values by their place.
    """
    optimizer.load_state_dict(state)
    for parameter, moments in optimizer.state.items():
        for name, value in moments.items():
            if value.shape == parameter.shape:
                moments[name] = torch.empty_like(parameter).copy_(value)
