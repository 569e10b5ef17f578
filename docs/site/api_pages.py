"""The pages of the Python interface: every public name of the five packages, by mkdocstrings."""

from __future__ import annotations

import ast
import importlib.util
from typing import TYPE_CHECKING, Any

from places import PACKAGES, ROOT, source, write_page

if TYPE_CHECKING:
    from pathlib import Path

_LIST_NAMES = ROOT / "packages" / "mia-bench" / "tests" / "public_names" / "list_names.py"


def write_api_pages() -> None:
    """Write a page for each package, which mkdocstrings fills from the docstrings.

    Raises:
        ValueError: A public name, or a public member of a class, has no docstring.
    """
    names = _list_names()
    lacking = [f"{name}.{each}" for name in names.MODULES for each in names.undocumented(name)]
    if lacking:
        msg = f"expected a docstring of every public name, there is none of {lacking}"
        raise ValueError(msg)
    for package in PACKAGES:
        module = package.replace("-", "_")
        init = ast.parse((source(package) / "__init__.py").read_text(encoding="utf-8"))
        lines = [f"# {module}", "", (ast.get_docstring(init) or "").split("\n\n")[0], ""]
        lines += [f"More: [{package}](../packages/{package}.md).", ""]
        for name in sorted(public_names(source(package)), key=str.lower):
            lines += [f"::: {module}.{name}", ""]
        write_page(f"api/{module}.md", "\n".join(lines))


def public_names(package: Path) -> list[str]:
    """Return the names in a package's ``__all__``, without importing it."""
    tree = ast.parse((package / "__init__.py").read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "__all__":
            return list(ast.literal_eval(node.value))
    msg = f"{package} has no __all__"
    raise ValueError(msg)


def _list_names() -> Any:
    """Return the module that the tests list public names with."""
    spec = importlib.util.spec_from_file_location("list_names", _LIST_NAMES)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
