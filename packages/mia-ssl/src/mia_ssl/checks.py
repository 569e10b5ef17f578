"""Checks of options beyond those of the engine: ranges, pairs, rows of numbers."""

from __future__ import annotations

import math
from numbers import Integral, Real
from typing import Any

from mia_ssl._engine.options import whole_number

SMALLEST_IMAGE = 64


def check_between(low: float, high: float = math.inf, **values: Any) -> None:
    """Refuse values other than finite numbers from low to high, each named by its keyword."""
    for name, value in values.items():
        if not _is_number(value) or not low <= value <= high:
            expected = f"{low} or above" if high == math.inf else f"in {low} to {high}"
            msg = f"expected {name} to be {expected}, got {value!r}"
            raise ValueError(msg)


def check_image_side(side: int) -> None:
    """Refuse images too small for an ImageNet network: below 64 pixels."""
    if side < SMALLEST_IMAGE:
        msg = f"expected image_size to be {SMALLEST_IMAGE} or above, got {side}"
        raise ValueError(msg)


def counts(name: str, values: Any) -> tuple[int, ...]:
    """Return the values as a plain tuple of whole numbers above 0.

    Raises:
        ValueError: They are something else.
    """
    if not isinstance(values, (tuple, list)):
        msg = f"expected {name} to be a tuple of whole numbers, got {values!r}"
        raise ValueError(msg)
    return tuple(whole_number(f"{name}[{i}]", n, least=1) for i, n in enumerate(values))


def check_pair(
    record: Any,
    name: str,
    *,
    low: float,
    high: float = math.inf,
    above_low: bool = False,
    whole: bool = False,
) -> None:
    """Refuse a field that is not (least, largest) within [low, high]; it becomes a plain tuple.

    Args:
        record: A dataclass.
        name: Of its field.
        low: Smallest allowed value of the least.
        high: Largest allowed value of the largest.
        above_low: Whether ``low`` itself is too low.
        whole: Whether both must be whole numbers.
    """
    value = getattr(record, name)
    ok = isinstance(value, (tuple, list)) and len(value) == 2
    ok = ok and all(_is_number(n, whole=whole) for n in value)
    if not ok or not low <= value[0] <= value[1] <= high or (above_low and value[0] == low):
        numbers = "whole numbers" if whole else "numbers"
        bounds = f"{low} {'<' if above_low else '<='} least <= largest"
        bounds += "" if high == math.inf else f" <= {high}"
        msg = f"expected {name} to be two {numbers} ({bounds}), got {value!r}"
        raise ValueError(msg)
    # A saved model gives lists, NumPy's numbers do not go into a file; and it is frozen.
    object.__setattr__(record, name, tuple(int(n) if whole else float(n) for n in value))


def _is_number(value: object, *, whole: bool = False) -> bool:
    if isinstance(value, bool) or not isinstance(value, Integral if whole else Real):
        return False
    return math.isfinite(value)
