"""The package itself: it imports fast, without torch or sibling packages."""

import json
import subprocess
import sys

import mia_metrics as mm
import pytest

HEAVY = ["torch", "sklearn", "skimage", "pandas", "scipy.stats", "scipy.ndimage", "scipy.sparse"]


@pytest.fixture(scope="module")
def imported():
    code = "import sys, json, mia_metrics; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def test_import_is_light(imported):
    assert not set(HEAVY) & set(imported)


def test_no_sibling_is_imported(imported):
    siblings = ("mia_data", "mia_recon", "mia_ssl", "mia_bench")
    assert not [name for name in imported if name.startswith(siblings)]


def test_all_is_sorted_and_there():
    assert mm.__all__ == sorted(
        mm.__all__, key=lambda name: (not name.isupper(), name.islower(), name)
    )
    assert all(hasattr(mm, name) for name in mm.__all__)
