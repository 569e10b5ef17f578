"""Each part of the package uses only those below it, as a reader of the folders may expect."""

from __future__ import annotations

import ast
from pathlib import Path

import mia_bench

ROOT = Path(mia_bench.__file__).parent
# From top to bottom; parts of one line stand side by side. `__init__` hands on public names, and
# `testing` is for the tests of others.
ROOMS = [
    ["__main__"],
    ["command_line"],
    ["cli"],
    ["study_runner", "ensembles"],
    ["execution"],
    ["export"],
    ["inference", "testing"],
    ["report", "terminal"],
    ["leaderboard", "tracking"],
    ["study"],
    ["detectors"],
    ["run_folder"],
    ["device"],
    ["files"],
    ["literal_text"],
    ["metric_names", "interruption"],
    ["errors"],
]
LEVEL = {room: level for level, rooms in enumerate(ROOMS) for room in rooms}


def room_of(path: Path) -> str:
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def imported(path: Path) -> set[str]:
    """Parts of the package that a file imports, for type checkers or at run time."""
    rooms = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("mia_bench"):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            rooms |= {name.split(".")[1] for name in names}
    return rooms & LEVEL.keys()


def test_every_file_has_a_place():
    rooms = {room_of(path) for path in ROOT.rglob("*.py")}
    assert rooms - {"__init__"} == LEVEL.keys()


def test_each_room_uses_those_below_it():
    upward = {
        f"{path.relative_to(ROOT)} -> {room}"
        for path in ROOT.rglob("*.py")
        if room_of(path) != "__init__"
        for room in imported(path) - {room_of(path)}
        if LEVEL[room] <= LEVEL[room_of(path)]
    }
    assert upward == set()
