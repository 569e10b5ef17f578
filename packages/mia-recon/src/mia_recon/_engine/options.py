"""Checks of names and options, whose errors name the allowed values and the nearest one."""

from __future__ import annotations

import dataclasses
import difflib
import math
import os
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

T = TypeVar("T")

# Annotation of an option -> the type its value must have, and its name in messages.
_KINDS: dict[str, tuple[Any, str]] = {
    "bool": (bool, "True or False"),
    "int": (Integral, "a whole number"),
    "float": (Real, "a finite number"),
    "str": (str, "text"),
}


def unknown(kind: str, name: object, known: Iterable[str]) -> ValueError:
    """Return the error for an unknown name, with the nearest known one."""
    known = list(known)
    by_lower_case = {entry.lower(): entry for entry in known}
    near = difflib.get_close_matches(str(name).lower(), by_lower_case, n=1)
    hint = f"did you mean {by_lower_case[near[0]]!r}? Known: " if near else "expected one of "
    return ValueError(f"unknown {kind} {name!r}; {hint}{', '.join(known) or 'none'}")


def check_names(
    options: Iterable[str], known: Iterable[str], *, owner: str, also: Iterable[str] = ()
) -> None:
    """Raise ValueError if an option is not among the known ones.

    Args:
        options: Names of the options.
        known: All known names.
        owner: The method's name, for messages.
        also: Names of settings that are not options but that the user could have meant.
    """
    known = list(known)
    for name in options:
        if name not in known:
            raise unknown(f"option of {owner}", name, [*known, *also])


def parse_options(
    record: type[T], options: Mapping[str, Any], *, owner: str, also: Iterable[str] = ()
) -> T:
    """Return the options record of a method, filled from keyword arguments.

    Args:
        record: A dataclass.
        options: Values of its fields.
        owner: The method's name, for messages.
        also: See ``check_names``.

    Raises:
        ValueError: An option that the method does not have, or a value of another kind.
    """
    kinds = {field.name: field.type for field in dataclasses.fields(record)}  # type: ignore[arg-type]
    check_names(options, kinds, owner=owner, also=also)
    return record(**{name: _of_kind(name, kinds[name], value) for name, value in options.items()})


def _of_kind(name: str, kind: Any, value: Any) -> Any:
    """Return the value after checking it against the option's annotation."""
    kind = getattr(kind, "__name__", kind)
    if kind not in _KINDS:
        return value
    expected, words = _KINDS[kind]
    is_flag = isinstance(value, bool)
    if isinstance(value, expected) and is_flag == (kind == "bool"):
        # Python's own numbers: NumPy's cannot be written to JSON.
        if kind == "int":
            return int(value)
        if kind != "float":
            return value
        if _is_finite(value):
            return float(value)
    msg = f"expected {name} to be {words}, got {value!r}"
    raise ValueError(msg)


def _is_finite(value: Any) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number that is too large for a float
        return False


def check_flag(**values: object) -> None:
    """Raise ValueError for values that are not True or False; each keyword names its value."""
    for name, value in values.items():
        _of_kind(name, "bool", value)


def whole_number(name: str, value: Any, *, least: int) -> int:
    """Return the value as a Python integer, which JSON can hold.

    Raises:
        ValueError: Not a whole number, or one below ``least``.
    """
    is_whole = isinstance(value, Integral) and not isinstance(value, bool)
    if not is_whole or value < least:
        msg = f"expected {name} to be a whole number, {least} or above, got {value!r}"
        raise ValueError(msg)
    return int(value)


def check_positive(**values: Any) -> None:
    """Raise ValueError for values that are not finite and above 0; keywords name the values."""
    for name, value in values.items():
        is_number = isinstance(value, Real)
        if not is_number or not value > 0:
            msg = f"expected {name} to be above 0, got {value!r}"
            raise ValueError(msg)
        if not _is_finite(value):
            msg = f"expected {name} to be finite, got {value!r}"
            raise ValueError(msg)


def check_not_negative(**values: Any) -> None:
    """Raise ValueError for values that are not finite and 0 or above; keywords name the values."""
    for name, value in values.items():
        is_number = isinstance(value, Real)
        if not is_number or not value >= 0 or not _is_finite(value):
            msg = f"expected {name} to be finite and 0 or above, got {value!r}"
            raise ValueError(msg)


def paths_as_text(record: Any, *names: str) -> None:
    """Replace the paths in these fields of a frozen record by text, which JSON can hold.

    None stays.

    Raises:
        ValueError: A value that is neither a path nor None.
    """
    for name in names:
        value = getattr(record, name)
        if value is None:
            continue
        try:
            object.__setattr__(record, name, os.fsdecode(value))
        except TypeError as error:
            msg = f"expected {name} to be a path or None, got {value!r}"
            raise ValueError(msg) from error


def check_choice(name: str, value: object, allowed: Iterable[str]) -> None:
    """Raise ValueError if the value is not among the allowed ones."""
    allowed = list(allowed)
    if not isinstance(value, str) or value not in allowed:
        raise unknown(name, value, allowed)


def check_counts(**values: object) -> None:
    """Raise ValueError for values that are not whole and above 0; keywords name the values."""
    for name, value in values.items():
        whole_number(name, value, least=1)
