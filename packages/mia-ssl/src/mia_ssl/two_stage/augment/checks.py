"""Checks of what a user may set for the synthetic anomalies."""

from __future__ import annotations

import math
from typing import Any


def check_range(record: Any, name: str, *, low: float, high: float = math.inf) -> None:
    """Refuse a field that is not (least, largest) within [low, high]; lists become tuples."""
    value = getattr(record, name)
    ok = isinstance(value, (tuple, list)) and len(value) == 2
    if not ok or not low <= value[0] <= value[1] <= high:
        expected = f"({low} <= least <= largest{'' if high == math.inf else f' <= {high}'})"
        msg = f"expected {name} to be two numbers {expected}, got {value!r}"
        raise ValueError(msg)
    object.__setattr__(record, name, tuple(value))  # a saved model gives lists, and it is frozen


def check_strength(**values: float) -> None:
    """Refuse jitter that would turn the hue by more than half a circle."""
    for name, value in values.items():
        if not 0 <= value <= 0.5:
            msg = f"expected {name} to be in 0 to 0.5, got {value}"
            raise ValueError(msg)
