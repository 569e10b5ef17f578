"""Checks of arguments that several public functions take."""

from __future__ import annotations

from numbers import Integral

from mia_data.errors import DataError, unknown_name

SPLITS = ("train", "test")


def check_split(split: str) -> str:
    """Return the name of a split if it is one.

    Raises:
        UnknownNameError: The name is neither ``"train"`` nor ``"test"``.
    """
    if split not in SPLITS:
        raise unknown_name("split", split, SPLITS)
    return split


def check_count(name: str, count: int, *, least: int = 1) -> int:
    """Return a count as an ``int`` if it is a whole number and at least ``least``.

    Raises:
        DataError: It is something else; the message names the argument.
    """
    if not (is_whole(count) and count >= least):
        msg = f"expected {name} to be a whole number, {least} or above, got {count!r}"
        raise DataError(msg)
    return int(count)


def is_whole(value: object) -> bool:
    """Tell whether a value is a whole number of Python or NumPy."""
    return isinstance(value, Integral) and not isinstance(value, bool)
