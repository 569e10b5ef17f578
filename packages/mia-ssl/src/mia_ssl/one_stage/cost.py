"""The cost of the one-stage network."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from mia_ssl._engine.cost import measure
from mia_ssl.one_stage.method import IMAGE_SIZE
from mia_ssl.one_stage.network import EncoderDecoder
from mia_ssl.one_stage.options import Options, Sides

if TYPE_CHECKING:
    from mia_ssl._engine.records import Cost


def count_cost() -> Cost:
    """Count the cost of the network, which is the same for all methods."""
    crop = Sides.of(IMAGE_SIZE, Options()).crop
    return measure(
        EncoderDecoder, lambda network: network(torch.empty(1, 1, crop, crop, device="meta"))
    )
