"""A command imports the packages that it needs; PyTorch only where something is trained.

Several commands are called in one process: it has imported all that any of them imports.
"""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

SCRIPT = """
import json, sys
from mia_bench.cli import main
for words in json.loads(sys.argv[1]):
    try:
        main(words)
    except SystemExit as end:
        print(json.dumps([end.code, sorted(name.partition('.')[0] for name in sys.modules)]))
"""


def imported(*commands: tuple[object, ...], code: int = 0) -> list[set[str]]:
    """The packages that a process has imported at the end of each command."""
    words = json.dumps([list(map(str, command)) for command in commands])
    command = [sys.executable, "-c", SCRIPT, words]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    ends = [json.loads(line) for line in result.stdout.splitlines() if line.startswith("[")]
    assert [end for end, _ in ends] == [code] * len(commands), result.stderr
    return [set(names) for _, names in ends]


COMMANDS = ["run", "plan", "report", "compare", "fuse", "figure", "fit", "score", "export"]
HELP = [("--help",), *((command, "--help") for command in COMMANDS)]
LISTS = [("list", "datasets"), ("list", "methods")]


@pytest.fixture(scope="module")
def found():
    """Packages at the end of each help and list, by its words, in this order."""
    commands = [HELP[0], *LISTS, *HELP[1:]]
    return dict(zip(commands, imported(*commands), strict=True))


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_a_command_imports_no_torch(found, command):
    assert "torch" not in found[command, "--help"]


def test_the_help_imports_no_package_of_arrays(found):
    names = found["--help",]
    assert "click" in names
    assert not names & {"torch", "numpy", "matplotlib", "mia_data", "mia_metrics", "mia_recon"}


@pytest.mark.parametrize("what", ["datasets", "methods"])
def test_lists_import_nothing_heavy(found, what):
    names = found["list", what]
    assert not names & {"torch", "matplotlib", "scipy", "sklearn", "ray", "mlflow"}
    assert ("mia_recon" in names, "mia_ssl" in names) == (what == "methods", what == "methods")


def test_what_reads_finished_runs_imports_no_torch(finished, root):
    study = ["--datasets", "braintumor", "--methods", "ae", "--seeds", "0,1", "--epochs", 3]
    planned, *others = imported(
        ("plan", "--root", root, "--out", finished, *study),
        ("report", finished),
        ("compare", finished, finished),
        ("figure", finished),
    )
    assert "mia_ssl" not in planned
    assert not any("torch" in names for names in (planned, *others))


def test_a_wrong_study_imports_no_torch(tmp_path):
    wrong = (("plan", "--methods", "aee"), ("run", "--datasets", "rnsa"))
    commands = ((*words, "--out", tmp_path) for words in wrong)
    assert not any("torch" in names for names in imported(*commands, code=2))
