"""Fixtures of the tests of executors: a few runs, a display that keeps what it shows, waiting."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from mia_bench.study.plan import plan
from mia_bench.study.study import DatasetEntry, MethodEntry, Study

if TYPE_CHECKING:
    from mia_bench.run_folder.records import Progress


class Notes:
    """A display that keeps how runs ended."""

    def __init__(self) -> None:
        self.ends: dict[str, object] = {}
        self.notes: dict[str, str] = {}
        self.reached: dict[str, int] = {}

    def __enter__(self) -> Notes:
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def show_progress(self, run: str, progress: Progress) -> None:
        self.reached[run] = progress.epoch

    def show_end(self, run: str, state: object, note: str) -> None:
        self.ends[run], self.notes[run] = state, note


@pytest.fixture(scope="session")
def make_notes():
    return Notes


@pytest.fixture
def notes(make_notes):
    return make_notes()


@pytest.fixture(scope="session")
def small_runs(root):
    """Make runs of a small network on brats2021, one for each seed."""

    def make(*seeds: int, epochs: int):
        options = {"width": 4, "hidden": 16}
        method = MethodEntry(label="ae", method="ae", epochs=epochs, options=options)
        data = (DatasetEntry(name="brats2021", root=str(root)),)
        return plan(Study(name="test", datasets=data, methods=(method,), seeds=seeds))

    return make


@pytest.fixture(scope="session")
def wait_for():
    """Poll until a condition holds; only a hang ends in failure."""

    def wait(condition, seconds: float = 300) -> None:
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, "waited in vain"
            time.sleep(0.02)

    return wait
