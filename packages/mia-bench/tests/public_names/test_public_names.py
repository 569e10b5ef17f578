"""Public names and signatures are those of the lists beside this file: a break is a decision.

After one, `nox -s sync` writes the lists anew.
"""

from __future__ import annotations

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
