"""Public names and signatures are those of the lists beside this file: a break is a decision.

After one, `nox -s sync` writes the lists anew.
"""

from __future__ import annotations

import importlib
import importlib.util
from pathlib import Path

import pytest

HERE = Path(__file__).parent
spec = importlib.util.spec_from_file_location("list_names", HERE / "list_names.py")
names = importlib.util.module_from_spec(spec)
spec.loader.exec_module(names)


@pytest.mark.parametrize("module", names.MODULES)
def test_names_and_signatures_are_as_listed(module):
    listed = (HERE / f"{module}.txt").read_text(encoding="utf-8").splitlines()
    found = names.list_names(module).splitlines()
    removed = [line for line in listed if line not in found]
    added = [line for line in found if line not in listed]
    assert (removed, added) == ([], []), "a decision? nox -s sync writes the lists anew"


@pytest.mark.parametrize("module", names.MODULES)
def test_public_names_have_docstrings(module):
    assert names.undocumented(module) == []


@pytest.mark.parametrize("module", names.MODULES)
def test_no_public_name_is_that_of_a_module(module):
    """Importing the module would put it in the place of the name."""
    package = importlib.import_module(module)
    folder = Path(package.__file__).parent
    if folder.name == module:
        assert not {path.stem for path in folder.iterdir()} & set(package.__all__)
