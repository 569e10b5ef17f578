"""The methods of all installed packages, found by their entry points."""

from __future__ import annotations

import difflib
import warnings
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points
from typing import TYPE_CHECKING

from mia_bench.errors import StudyError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mia_bench.contract import MethodInfo, Provider

GROUP = "mia.detectors"


@dataclass(frozen=True)
class Method:
    """A method and the provider that builds it."""

    info: MethodInfo
    provider: Provider


@cache
def methods() -> dict[str, Method]:
    """All methods by name. A provider that fails to load is named in a warning and left out."""
    found: dict[str, Method] = {}
    for entry in sorted(entry_points(group=GROUP), key=lambda entry: entry.name):
        try:
            provider = entry.load()
            offered = {name: Method(info, provider) for name, info in provider.METHODS.items()}
        except Exception as error:
            warnings.warn(f"plug-in {entry.name!r} is left out: {error!r}", stacklevel=2)
            continue
        for name in offered.keys() & found.keys():
            warnings.warn(f"plug-in {entry.name!r}: {name!r} is taken already", stacklevel=2)
        found |= {name: method for name, method in offered.items() if name not in found}
    return found


def method(name: str) -> Method:
    """A method by name.

    Raises:
        StudyError: No installed package has it.
    """
    known = methods()
    if name not in known:
        raise unknown("method", name, known)
    return known[name]


def unknown(kind: str, name: str, known: Iterable[str]) -> StudyError:
    """The error for a name that is not among the known ones, with the nearest of them."""
    known = list(known)
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    return StudyError(f"unknown {kind} {name!r}{hint} Known: {', '.join(known)}")
