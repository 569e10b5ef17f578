"""Names and options that a user may mistype: refused with the allowed ones and the nearest."""

from __future__ import annotations

import dataclasses
import difflib
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

T = TypeVar("T")


def unknown(kind: str, name: object, known: Iterable[str]) -> ValueError:
    """The error for a name that is not among the known ones, with the nearest of them."""
    known = list(known)
    near = difflib.get_close_matches(str(name), known, n=1)
    hint = f"did you mean {near[0]!r}? Known: " if near else "expected one of "
    return ValueError(f"unknown {kind} {name!r}; {hint}{', '.join(known) or 'none'}")


def parse_options(record: type[T], options: Mapping[str, Any], *, owner: str) -> T:
    """The options record of a method, filled from keyword arguments.

    Raises:
        ValueError: An option that the method does not have.
    """
    fields = [field.name for field in dataclasses.fields(record)]  # type: ignore[arg-type]
    for name in options:
        if name not in fields:
            raise unknown(f"option of {owner}", name, fields)
    return record(**options)


def check_positive(**values: float) -> None:
    """Refuse values that are not above zero, each named by its keyword."""
    for name, value in values.items():
        if not value > 0:
            msg = f"expected {name} to be above 0, got {value}"
            raise ValueError(msg)


def check_choice(name: str, value: object, allowed: Iterable[str]) -> None:
    """Refuse a value that is not among the allowed ones."""
    allowed = list(allowed)
    if value not in allowed:
        raise unknown(name, value, allowed)


def check_counts(**values: object) -> None:
    """Refuse values that are not whole numbers above zero, each named by its keyword."""
    for name, value in values.items():
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            msg = f"expected {name} to be a whole number above 0, got {value!r}"
            raise ValueError(msg)
