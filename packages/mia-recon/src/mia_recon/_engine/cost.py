"""What a network costs: counted on shapes, nothing is computed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch.utils.flop_counter import FlopCounterMode

if TYPE_CHECKING:
    from collections.abc import Callable


class Cost(NamedTuple):
    """The cost of a method at given sizes.

    Attributes:
        parameters: Values that are learnt.
        macs: Multiplications with addition to score one image.
    """

    parameters: int
    macs: int


def measure(make: Callable[[], torch.nn.Module], score: Callable[[Any], Any]) -> Cost:
    """Count the parameters of a network and the operations of scoring with it.

    Args:
        make: Makes the network; called where new tensors have a shape only.
        score: Scores one image with the network, on the ``meta`` device.
    """
    with torch.device("meta"):
        network = make().eval()
    counter = FlopCounterMode(display=False)
    with counter:
        score(network)
    parameters = sum(p.numel() for p in network.parameters() if p.requires_grad)
    return Cost(parameters, counter.get_total_flops() // 2)
