"""The exceptions of this package."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from mia_data.literal_text import visible

if TYPE_CHECKING:
    from collections.abc import Iterable


class DataError(ValueError):
    """A dataset, file or argument that cannot be used as it is.

    Every error that this package raises on purpose is one of these. The message is one line that
    names the thing, its value and what was expected. What a terminal would not print as it is (line
    breaks, control characters, parts of names that are not UTF-8) is escaped.
    """

    def __str__(self) -> str:
        return visible(super().__str__()).replace("\n", "\\n").replace("\t", "\\t")


class UnknownNameError(DataError):
    """A dataset, split or option name that does not exist."""


class MissingDataError(DataError):
    """The folder of a known dataset is not there; downloading it may help."""


class MissingExtraError(DataError):
    """A file needs an optional dependency that is not installed."""


def unknown_name(kind: str, value: object, allowed: Iterable[str]) -> UnknownNameError:
    """Return the error for a name outside a list; its message has the nearest allowed name."""
    names = list(allowed)
    by_lower_case = {name.lower(): name for name in names}
    near = get_close_matches(str(value).lower(), by_lower_case, n=1, cutoff=0.5)
    hint = f"; did you mean {by_lower_case[near[0]]!r}?" if near else ""
    return UnknownNameError(f"unknown {kind} {value!r}, expected one of {', '.join(names)}{hint}")


def reason(error: BaseException) -> str:
    """Return the message of another library's exception as one line."""
    text = " ".join(str(error).split())
    return text or type(error).__name__
