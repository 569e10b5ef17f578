"""The methods of all installed packages, found by their entry points."""

from __future__ import annotations

import difflib
import re
import sys
import warnings
from contextlib import redirect_stdout
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points
from inspect import get_annotations
from typing import TYPE_CHECKING, Any

from mia_bench.detectors.protocol import MethodInfo
from mia_bench.errors import StudyError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from importlib.metadata import EntryPoint

    from mia_bench.detectors.protocol import Detector, Provider

GROUP = "mia.detectors"
OWN = ("mia-recon", "mia-ssl")
NAME = re.compile(r"[a-z0-9][a-z0-9._-]*")  # it is the name of a folder too


@dataclass(frozen=True)
class Method:
    """A method and the provider that builds it."""

    info: MethodInfo
    provider: Provider


@cache
def methods() -> dict[str, Method]:
    """All methods by name. A plug-in that cannot be used is named in a warning and left out."""
    found: dict[str, Method] = {}
    for entry in sorted(entry_points(group=GROUP), key=_own_first):
        try:
            offered = _offered(entry.load())
        except (Exception, SystemExit) as error:
            what = f"{type(error).__name__}: {' '.join(str(error).split())}"
            warnings.warn(f"plug-in {entry.name!r} of {GROUP} is left out: {what}", stacklevel=2)
            continue
        for name, method in offered.items():
            if name in found:
                text = f"method {name!r} of plug-in {entry.name!r} is left out: the name is taken"
                warnings.warn(text, stacklevel=2)
            else:
                found[name] = method
    return found


def _own_first(entry: EntryPoint) -> tuple[bool, str]:
    """Sorts plug-ins behind our own packages, whose names they cannot take."""
    return entry.name not in OWN, entry.name


def _offered(provider: Provider) -> dict[str, Method]:
    """The methods of a provider, once it is known to be one."""
    for name in ("build", "load"):
        if not callable(getattr(provider, name)):
            msg = f"expected {name} to be a function, got {getattr(provider, name)!r}"
            raise TypeError(msg)
    for name, info in provider.METHODS.items():
        lacking = [field for field in get_annotations(MethodInfo) if not hasattr(info, field)]
        if lacking:
            msg = f"expected METHODS[{name!r}] to have {', '.join(lacking)}, got {info!r}"
            raise TypeError(msg)
        if not NAME.fullmatch(name):
            msg = (
                f"expected a method's name of lower-case letters, digits, '.' and '-', got {name!r}"
            )
            raise ValueError(msg)
    return {name: Method(info, provider) for name, info in provider.METHODS.items()}


def method(name: str) -> Method:
    """A method by name.

    Raises:
        StudyError: No installed package has it.
    """
    known = methods()
    if name not in known:
        raise unknown("method", name, known)
    return known[name]


def build(
    name: str, options: Mapping[str, Any], *, in_channels: int, image_size: int, label: str
) -> Detector:
    """An untrained detector; ``label`` is what messages call it.

    Raises:
        StudyError: No such method, or options or a size that it does not take.
        FileNotFoundError: Pretrained weights that are not there and cannot be downloaded.
    """
    provider = method(name).provider
    for key in ("name", "in_channels", "image_size"):
        if key in options:
            msg = f"method {label!r}: {key} is not one of its options, got {options[key]!r}"
            raise StudyError(msg)
    try:
        # Torch says on stdout what it downloads, where results go.
        with redirect_stdout(sys.stderr):
            return provider.build(name, in_channels=in_channels, image_size=image_size, **options)
    except (ValueError, TypeError, RuntimeError) as error:  # torch: no memory for such a network
        what = str(error).partition("\n")[0]  # torch goes on with where it was in C++
        msg = f"method {label!r}: {what}"
        raise StudyError(msg) from error


def unknown(kind: str, name: str, known: Iterable[str]) -> StudyError:
    """The error for a name that is not among the known ones, with the nearest of them."""
    known = list(known)
    near = difflib.get_close_matches(name, known, n=1) or [k for k in known if k == name.lower()]
    hint = f"did you mean {near[0]!r}? Known: " if near else "expected one of "
    return StudyError(f"unknown {kind} {name!r}; {hint}{', '.join(known)}")
