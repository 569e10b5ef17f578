"""The methods of all installed packages, found by their entry points.

A package is imported when one of its methods is asked for; ours come first and are light to
import, so that no plug-in of others is imported for a method of ours.
"""

from __future__ import annotations

import inspect
import re
import sys
import warnings
from contextlib import redirect_stdout
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Any

from mia_bench.detectors.protocol import MethodInfo
from mia_bench.errors import StudyError, unknown_name

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    from mia_bench.detectors.protocol import Detector, Provider

GROUP = "mia.detectors"
OWN = ("mia-recon", "mia-ssl")
NAME = re.compile(r"[a-z0-9][a-z0-9._+-]*")  # it is the name of a folder too


@dataclass(frozen=True)
class RegisteredMethod:
    """A method and the provider that builds it."""

    info: MethodInfo
    provider: Provider


def methods() -> dict[str, RegisteredMethod]:
    """Return all methods by name, ours first.

    A plug-in that cannot be used is named in a warning and left out, as is a name that is taken.
    """
    found: dict[str, RegisteredMethod] = {}
    for entry in _entries():
        for name, method in _load_plugin(entry).items():
            if name in found:
                text = f"method {name!r} of plug-in {entry.name!r} is left out: the name is taken"
                warnings.warn(text, stacklevel=2)
            else:
                found[name] = method
    return found


def find_method(name: str) -> RegisteredMethod:
    """Return a method by name; no plug-in is loaded that comes after the one that has it.

    Raises:
        StudyError: No installed package has it.
    """
    for entry in _entries():
        offered = _load_plugin(entry)
        if name in offered:
            return offered[name]
    raise unknown_name("method", name, methods())


def build_detector(
    name: str, options: Mapping[str, Any], *, in_channels: int, image_size: int, label: str
) -> Detector:
    """Build an untrained detector.

    Args:
        name: The method's registered name.
        options: The method's own options.
        in_channels: 1 (gray) or 3 (RGB).
        image_size: Side of the square images in pixels.
        label: The method's name in error messages.

    Raises:
        StudyError: No such method, or options or a size that it does not take.
        FileNotFoundError: No such file of pretrained weights.
    """
    provider = find_method(name).provider
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


def load_detector(name: str, path: str | os.PathLike[str], *, owner: str) -> Detector:
    """Load a trained detector.

    Args:
        name: The registered name of its method.
        path: The folder that its ``save`` wrote.
        owner: What the detector belongs to, for messages, such as ``"the model DIR"``.

    Raises:
        StudyError: No such method, or a folder that is missing or damaged.
    """
    provider = find_method(name).provider
    try:
        return provider.load(path)
    except (
        *(ArithmeticError, AttributeError, LookupError, MemoryError),
        *(OSError, RuntimeError, TypeError, ValueError),
    ) as error:
        known = isinstance(error, (OSError, ValueError))
        what = f"{error}" if known else f"{type(error).__name__}: {error}"
        msg = f"{owner} is damaged: {' '.join(what.split())[:400]}"
        raise StudyError(msg) from error


def forget_plugins() -> None:
    """Look for plug-ins anew at the next call, as after an installation."""
    _entries.cache_clear()
    _load_plugin.cache_clear()


@cache
def _entries() -> list[EntryPoint]:
    """Return the entry points of all plug-ins; ours come first, so that their names are taken."""
    return sorted(entry_points(group=GROUP), key=lambda entry: (entry.name not in OWN, entry.name))


@cache
def _load_plugin(entry: EntryPoint) -> dict[str, RegisteredMethod]:
    """Return a plug-in's methods by name; none, after a warning, where it cannot be used."""
    try:
        return _offered(entry.load())
    except (Exception, SystemExit) as error:
        what = f"{type(error).__name__}: {' '.join(str(error).split())}"
        warnings.warn(f"plug-in {entry.name!r} of {GROUP} is left out: {what}", stacklevel=3)
        return {}


def _offered(provider: Provider) -> dict[str, RegisteredMethod]:
    """Return the methods of a provider, once it is known to be one."""
    for name in ("build", "load"):
        _check_function(provider, name)
    for name, info in provider.METHODS.items():
        fields = inspect.get_annotations(MethodInfo)
        lacking = [field for field in fields if not hasattr(info, field)]
        if lacking:
            msg = f"expected METHODS[{name!r}] to have {', '.join(lacking)}, got {info!r}"
            raise TypeError(msg)
        if not NAME.fullmatch(name):
            msg = f"expected a method's name of lower-case letters, digits and '._+-', got {name!r}"
            raise ValueError(msg)
    return {name: RegisteredMethod(info, provider) for name, info in provider.METHODS.items()}


def _check_function(provider: Provider, name: str) -> None:
    """Refuse a provider without this function; one that a lazy module names is not loaded."""
    missing = object()
    if inspect.getattr_static(provider, name, missing) is missing and name in dir(provider):
        return
    function = getattr(provider, name)
    if not callable(function):
        msg = f"expected {name} to be a function, got {function!r}"
        raise TypeError(msg)
