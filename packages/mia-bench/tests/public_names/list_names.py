"""Lists the public names of a package with their signatures, fields and members.

`nox -s sync` writes the lists of all five packages anew: `python list_names.py FOLDER`.
"""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

MODULES = ("mia_data", "mia_metrics", "mia_recon", "mia_ssl", "mia_bench", "mia_bench.testing")


def list_names(module: str) -> str:
    """Return a line for each public name, and indented ones for fields and members of a class."""
    package = importlib.import_module(module)
    lines = []
    for name in sorted(package.__all__):
        lines += _lines(name, getattr(package, name))
    return "\n".join(lines) + "\n"


def undocumented(module: str) -> list[str]:
    """Return the public names, and members of public classes, that have no docstring.

    Constants are left out: Python keeps no docstring of them.
    """
    package = importlib.import_module(module)
    found = []
    for name in sorted(package.__all__):
        value = getattr(package, name)
        if not (inspect.isclass(value) or inspect.isroutine(value)):
            continue
        if not (value.__doc__ or "").strip():
            found.append(name)
        if inspect.isclass(value):
            members = ((each, inspect.getattr_static(value, each)) for each in _members(value))
            found += [f"{name}.{each}" for each, kept in members if not _documentation(kept)]
    return found


def _documentation(member: Any) -> str:
    function = getattr(member, "__func__", member)
    return (getattr(function, "__doc__", None) or "").strip()


def _lines(name: str, value: Any) -> Iterator[str]:
    if not inspect.isclass(value):
        yield f"{name}{_signature(value)}" if inspect.isroutine(value) else f"{name}: constant"
        return
    bases = [base.__name__ for base in value.__mro__ if base.__module__ == "builtins"]
    yield f"class {name}({bases[0]})"
    if dataclasses.is_dataclass(value):
        yield from (f"    {field.name}: field" for field in dataclasses.fields(value))
    elif hasattr(value, "_fields"):
        yield from (f"    {field}: field" for field in value._fields)
    elif "__init__" in vars(value) and not getattr(value, "_is_protocol", False):
        yield f"    __init__{_signature(value.__init__)}"
    for member in _members(value):
        kept = inspect.getattr_static(value, member)
        if isinstance(kept, property):
            yield f"    {member}: property"
        elif callable(getattr(kept, "__func__", kept)):
            yield f"    {member}{_signature(getattr(kept, '__func__', kept))}"


def _members(value: type) -> list[str]:
    """Return the public methods and properties that a class or a parent of ours defines."""
    ours = [parent for parent in value.__mro__ if parent.__module__.startswith("mia_")]
    names = {name for parent in ours for name in vars(parent) if not name.startswith("_")}
    fields = set(getattr(value, "_fields", ())) | set(getattr(value, "__dataclass_fields__", ()))
    return sorted(
        name
        for name in names - fields
        if isinstance(inspect.getattr_static(value, name), property | classmethod | staticmethod)
        or inspect.isfunction(inspect.getattr_static(value, name))
    )


def _signature(function: Any) -> str:
    """Return names and defaults; types are left to the type checker, which prints them better."""
    signature = inspect.signature(function)
    bare = [each.replace(annotation=each.empty) for each in signature.parameters.values()]
    # Addresses of objects that are defaults differ from one process to the next.
    return re.sub(r" at 0x[0-9a-f]+", "", str(inspect.Signature(bare)))


if __name__ == "__main__":
    for module in MODULES:
        Path(sys.argv[1], f"{module}.txt").write_text(list_names(module), encoding="utf-8")
