"""Adam, all parameters in one kernel, and its state from a checkpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from .settings import Settings


def adam(network: torch.nn.Module, settings: Settings) -> torch.optim.Adam:
    """Adam on the parameters that learn."""
    learning = [parameter for parameter in network.parameters() if parameter.requires_grad]
    return torch.optim.Adam(learning, lr=settings.learning_rate, fused=True)


def load_adam(optimizer: torch.optim.Adam, state: dict[str, Any]) -> None:
    """Take back an Adam's state, each moment laid out in memory as its parameter.

    A stored tensor comes back in the default layout; the fused kernel pairs values by their place.
    """
    optimizer.load_state_dict(state)
    for parameter, moments in optimizer.state.items():
        for name, value in moments.items():
            if value.shape == parameter.shape:
                moments[name] = torch.empty_like(parameter).copy_(value)
