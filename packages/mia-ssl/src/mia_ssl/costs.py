"""Costs of all methods, counted."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mia_ssl import adapted, features, one_stage, two_stage
from mia_ssl.default_weights import default_weights

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mia_ssl._engine.records import MethodInfo


def count_costs() -> Iterator[MethodInfo]:
    """Yield the facts of every method with its cost counted, and the weights that it needs."""
    for family in (one_stage, two_stage):  # their methods have the same network
        cost = family.count_cost()
        for info in family.METHODS.values():
            yield replace(info, weights=default_weights(info), cost=cost)
    costs = features.count_costs()
    for name, info in features.METHODS.items():
        yield replace(info, weights=default_weights(info), cost=costs[name])
    yield from adapted.count_costs()
