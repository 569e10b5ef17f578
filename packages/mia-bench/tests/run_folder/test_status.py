"""A report shows finished, failed, running and pending runs each as what it is."""

from __future__ import annotations

import json
from contextlib import ExitStack
from types import SimpleNamespace

import pytest
from mia_bench.cli import main
from mia_bench.files import write_json
from mia_bench.run_folder.folder import RunFolder, State
from mia_bench.run_folder.records import Progress
from mia_bench.run_folder.status import RunStatus, read_runs, summarize

ERROR = "RuntimeError: <out of> memory & more"


@pytest.fixture
def mixed(tmp_path, made_up):
    """A study of 40 finished, 3 failed, 2 running and 1 pending runs; locks are held meanwhile."""
    out = tmp_path / "study"
    methods = {f"m{i}": 0.5 + i / 5 for i in range(4)}
    made_up(out, ["brats2021"], methods, seeds=range(10))
    for seed in range(3):
        write_json(RunFolder(out / f"brats2021/broken/seed-{seed}").failure, {"error": ERROR})
    with ExitStack() as locks:
        for seed in range(2):
            folder = RunFolder(out / f"brats2021/slow/seed-{seed}")
            folder.write_progress(Progress(10 + seed, 250, 0.5))
            # It failed once; that it is tried again counts.
            write_json(folder.failure, {"error": "of an earlier try"})
            locks.enter_context(folder.lock())
        # Killed: its lock is there, and nobody holds it.
        stopped = RunFolder(out / "brats2021/stopped/seed-0")
        stopped.write_progress(Progress(7, 250, 0.5))
        (stopped.path / ".lock").touch()
        yield out


LEFT = [
    *(RunStatus(f"brats2021/broken/seed-{seed}", State.FAILED, ERROR) for seed in range(3)),
    RunStatus("brats2021/slow/seed-0", State.RUNNING, "epoch 10 of 250"),
    RunStatus("brats2021/slow/seed-1", State.RUNNING, "epoch 11 of 250"),
    RunStatus("brats2021/stopped/seed-0", State.PENDING, "epoch 7 of 250"),
]


def test_every_run_stands_where_it_is(mixed):
    found = summarize(read_runs(mixed))
    assert found.counts == "40 finished, 3 failed, 2 running, 1 pending"
    assert found.left_out == LEFT


@pytest.fixture
def report(capsys):
    """Call ``mia-bench report`` in this process."""

    def call(*arguments):
        with pytest.raises(SystemExit) as end:
            main(["report", *map(str, arguments)])
        return SimpleNamespace(code=end.value.code, **capsys.readouterr()._asdict())

    return call


def test_the_terminal_says_so(mixed, report):
    told = report(mixed)
    assert told.code == 0
    assert "Runs: 40 finished, 3 failed, 2 running, 1 pending\n" in told.out
    lines = told.out.splitlines()
    for run in LEFT:
        assert f"{run.state.value:>10}  {run.name}  {run.note}" in lines
    assert sum(line.lstrip().startswith(("failed", "running", "pending")) for line in lines) == 6


def test_json_says_so(mixed, report):
    runs = json.loads(report(mixed, "--json").out)["runs"]
    assert len(runs) == 46
    assert {name: runs[name] for name in (run.name for run in LEFT)} == {
        run.name: run.state.value for run in LEFT
    }
    assert list(runs.values()).count("finished") == 40


def test_the_page_says_so(mixed, report):
    report(mixed)
    text = (mixed / "report.html").read_text()
    assert "runs: 40 finished, 3 failed, 2 running, 1 pending" in text
    for run in LEFT:
        note = run.note.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        assert f"<code>{run.name}</code>: {run.state.value} \u2013 {note}" in text
    assert text.count("<li><code>") == 6
    assert "of an earlier try" not in text


def test_a_damaged_progress_says_nothing(tmp_path):
    write_json(RunFolder(tmp_path / "brats2021/ae/seed-0").progress, {"epoch": 3})
    assert read_runs(tmp_path) == [RunStatus("brats2021/ae/seed-0", State.PENDING, "")]


def test_a_folder_without_a_finished_run_says_what_there_is(tmp_path, report):
    write_json(RunFolder(tmp_path / "brats2021/ae/seed-0").failure, {"error": ERROR})
    told = report(tmp_path)
    assert told.code == 2
    assert told.err == f"mia-bench: no finished run in {tmp_path}: 1 failed\n"
    assert told.out == f"Runs: 1 failed\n    failed  brats2021/ae/seed-0  {ERROR}\n"
