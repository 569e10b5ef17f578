"""A command imports the packages that it needs; PyTorch only where something is trained."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

SCRIPT = """
import json, sys
from mia_bench.cli import main
try:
    main(sys.argv[1:])
except SystemExit as end:
    print(json.dumps([end.code, sorted(name.partition('.')[0] for name in sys.modules)]))
"""


def imported(*arguments: object, code: int = 0) -> set[str]:
    """The packages that a command has imported when it ends."""
    command = [sys.executable, "-c", SCRIPT, *map(str, arguments)]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    ended, names = json.loads(result.stdout.splitlines()[-1])
    assert ended == code, result.stderr
    return set(names)


COMMANDS = ["run", "plan", "report", "compare", "fuse", "figure", "fit", "score", "export"]


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_a_command_imports_no_torch(command):
    assert "torch" not in imported(command, "--help")


def test_the_help_imports_no_package_of_arrays():
    found = imported("--help")
    assert "click" in found
    assert not found & {"torch", "numpy", "matplotlib", "mia_data", "mia_metrics", "mia_recon"}


@pytest.mark.parametrize("what", ["datasets", "methods"])
def test_lists_import_nothing_heavy(what):
    found = imported("list", what)
    assert not found & {"torch", "matplotlib", "scipy", "sklearn", "ray", "mlflow"}
    assert ("mia_recon" in found, "mia_ssl" in found) == (what == "methods", what == "methods")


def test_a_report_imports_no_torch(finished):
    assert "torch" not in imported("report", finished)
    assert "torch" not in imported("compare", finished, finished)
    assert "torch" not in imported("figure", finished)


def test_a_plan_of_finished_runs_imports_no_torch(finished, root):
    study = ["--datasets", "braintumor", "--methods", "ae", "--seeds", "0,1", "--epochs", 3]
    found = imported("plan", "--root", root, "--out", finished, *study)
    assert "torch" not in found
    assert "mia_ssl" not in found


def test_a_wrong_study_imports_no_torch(tmp_path):
    assert "torch" not in imported("plan", "--methods", "aee", "--out", tmp_path, code=2)
    assert "torch" not in imported("run", "--datasets", "rnsa", "--out", tmp_path, code=2)
