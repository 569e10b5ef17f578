"""Cost of each method at its defaults."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import torch

from mia_ssl._engine.backbones import Backbone
from mia_ssl._engine.cost import measure
from mia_ssl.adapted.methods import RECORDS
from mia_ssl.adapted.network import AdaptedNetwork

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mia_ssl._engine.records import Cost, MethodInfo
    from mia_ssl.adapted.method import AdaptedMethod


def count_costs() -> Iterator[MethodInfo]:
    """Yield the facts of every method with its cost counted, and the weights that it needs."""
    for method in RECORDS.values():
        weights = Backbone(method.options().backbone).default_weights
        yield replace(method.info, weights=weights, cost=_cost(method))


def _cost(method: AdaptedMethod) -> Cost:
    options, size = method.options(), method.info.image_size
    image = torch.empty(1, 3, size, size, dtype=torch.uint8, device="meta")
    return measure(
        lambda: AdaptedNetwork(
            Backbone(options.backbone), trained_stages=options.trained_stages, crop=method.crop
        ),
        lambda network: network(image),
    )
