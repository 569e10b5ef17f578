"""Cost of a network, counted on shapes without computing values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch.utils.flop_counter import FlopCounterMode

from .records import Cost

if TYPE_CHECKING:
    from collections.abc import Callable


def measure(make: Callable[[], torch.nn.Module], score: Callable[[Any], Any]) -> Cost:
    """Count the parameters of a network and the operations of scoring with it.

    Args:
        make: Makes the network; called where new tensors have only a shape.
        score: Scores one image with the network, on the ``meta`` device.
    """
    with torch.device("meta"):
        network = make().eval()
    counter = FlopCounterMode(display=False)
    with counter:
        score(network)
    parameters = sum(p.numel() for p in network.parameters() if p.requires_grad)
    return Cost(parameters, counter.get_total_flops() // 2)
