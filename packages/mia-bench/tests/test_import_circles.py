"""No files of the packages import each other in a circle, not even for type checkers."""

from __future__ import annotations

import ast
import importlib.util
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

PACKAGES = ("mia_data", "mia_metrics", "mia_recon", "mia_ssl", "mia_bench")


def folder_of(package: str) -> Path:
    spec = importlib.util.find_spec(package)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent


def imports_between(root: Path, package: str) -> dict[str, set[str]]:
    """Each module's imports of others, but for those of `__init__`, which hand names on."""
    files = {
        ".".join([package, *path.relative_to(root).with_suffix("").parts]): path
        for path in root.rglob("*.py")
        if path.name != "__init__.py"
    }
    found: dict[str, set[str]] = {}
    for module, path in files.items():
        names = set()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module:
                names |= {node.module, *(f"{node.module}.{each.name}" for each in node.names)}
            elif isinstance(node, ast.Import):
                names |= {each.name for each in node.names}
        found[module] = names & files.keys()
    return found


@pytest.mark.parametrize("package", PACKAGES)
def test_no_files_import_each_other_in_a_circle(package):
    imports = imports_between(folder_of(package), package)
    assert len(imports) > 20
    assert any(imports.values())
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


def test_a_circle_is_found(tmp_path):
    (tmp_path / "a.py").write_text("from mia_made.b import x\n")
    (tmp_path / "b.py").write_text("def x():\n    import mia_made.a\n")
    imports = imports_between(tmp_path, "mia_made")
    assert imports == {"mia_made.a": {"mia_made.b"}, "mia_made.b": {"mia_made.a"}}
    with pytest.raises(CycleError):
        TopologicalSorter(imports).prepare()
