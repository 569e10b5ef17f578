"""A report of a study with damaged runs shows the others and names the damaged ones everywhere."""

from __future__ import annotations

import json
import os
import shutil
from types import SimpleNamespace

import pytest
from mia_bench.cli import main
from mia_bench.errors import RunsFailedError
from mia_bench.report.write import write_report
from mia_bench.run_folder.folder import State

DAMAGED = "brats2021/vae/seed-1"


@pytest.fixture(scope="module")
def whole(made_up, tmp_path_factory):
    """A study of one dataset by three methods by two seeds, with resamples of pixel metrics."""
    out = tmp_path_factory.mktemp("whole") / "study"
    strengths = {"ae": 0.2, "vae": 0.8, "dae": 1.8}
    made_up(out, ["brats2021"], strengths, seeds=(0, 1), size=16, pixels=20)
    return out


@pytest.fixture
def study(whole, tmp_path):
    shutil.copytree(whole, tmp_path / "study")
    return tmp_path / "study"


@pytest.fixture
def call(capsys):
    """Call the command line in this process."""

    def call(*arguments):
        with pytest.raises(SystemExit) as end:
            main(list(map(str, arguments)))
        return SimpleNamespace(code=end.value.code, **capsys.readouterr()._asdict())

    return call


def no_number(path):
    content = json.loads(path.read_text())
    content["seconds"]["fit"] = "long"
    path.write_text(json.dumps(content))


def a_pipe(path):
    path.unlink()
    os.mkfifo(path)


def nothing(path):
    path.write_bytes(b"")


DAMAGES = {
    "run.json": [no_number, a_pipe, nothing],
    "scores.csv": [a_pipe, nothing],
    "resamples.npz": [a_pipe, nothing],
}


@pytest.mark.parametrize(
    ("name", "damage"), [(name, each) for name, damages in DAMAGES.items() for each in damages]
)
def test_the_other_runs_are_reported_and_the_damaged_one_named(study, name, damage):
    path = study / DAMAGED / name
    damage(path)
    report = write_report(study)
    assert list(report.unreadable) == [DAMAGED]
    assert report.unreadable[DAMAGED].startswith(f"cannot read {path}: ")
    assert {name for name, state in report.summary.states.items() if state is State.UNREADABLE} == {
        DAMAGED
    }
    rows = {row.label: row for row in report.leaderboard.rows}
    assert {label: row.seeds for label, row in rows.items()} == {
        **{"ae": [0, 1], "dae": [0, 1]},
        "vae": [0],
    }
    with pytest.raises(RunsFailedError, match=f"1 of 6 runs cannot be read whole: {DAMAGED}"):
        report.check_readable()


def test_terminal_page_and_json_name_the_damaged_run(study, call):
    no_number(study / DAMAGED / "run.json")
    why = f"cannot read {study / DAMAGED / 'run.json'}: expected seconds.fit to be a finite number"
    told = call("report", study)
    assert told.code == 1
    assert "Runs: 5 finished, 1 unreadable\n" in told.out
    assert f"unreadable  {DAMAGED}  {why}" in told.out
    assert told.err.startswith(f"mia-bench: 1 of 6 runs cannot be read whole: {DAMAGED}; the first")
    assert told.err.count("\n") == 1
    page = (study / "report.html").read_text()
    assert "runs: 5 finished, 1 unreadable." in page
    assert f"<code>{DAMAGED}</code>: unreadable" in page
    told = call("report", study, "--json")
    assert told.code == 1
    answer = json.loads(told.out)
    assert answer["runs"][DAMAGED] == "unreadable"
    assert list(answer["unreadable"]) == [DAMAGED]
    assert answer["unreadable"][DAMAGED].startswith(why)
    assert [record["seeds"] for record in answer["leaderboard"]] == [2, 1, 2]


def test_a_damaged_gallery_costs_the_pictures_alone(study, call):
    nothing(study / "brats2021/ae/seed-0/gallery.npz")
    report = write_report(study)
    assert [len(row.runs) for row in report.leaderboard.rows] == [2, 2, 2]
    assert list(report.unreadable) == ["brats2021/ae/seed-0"]
    page = (study / "report.html").read_text()
    assert "Without pictures" in page
    assert "<code>brats2021/ae/seed-0</code>: cannot read" in page
    assert call("report", study).code == 1


def test_with_no_run_that_can_be_read_there_is_no_table(study, call):
    for path in study.glob("*/*/*/run.json"):
        nothing(path)
    told = call("report", study)
    assert told.code == 2
    assert told.err == f"mia-bench: no finished run in {study}: 6 unreadable\n"
    assert told.out.count("unreadable  brats2021/") == 6


def test_compare_leaves_the_damaged_run_out_and_names_it(study, call, tmp_path):
    no_number(study / DAMAGED / "run.json")
    told = call("compare", "vae", "ae", "--out", study, "--json", "--csv", tmp_path / "a.csv")
    assert told.code == 1
    (record,) = json.loads(told.out)
    assert record["seeds"] == 1
    assert (tmp_path / "a.csv").exists()
    assert told.err.startswith("mia-bench: 1 runs cannot be read and are left out: cannot read ")
    assert "seconds.fit" in told.err


def test_each_file_is_read_once(study, monkeypatch):
    from mia_bench.run_folder import bounded_file, json_file, npz_file, resamples_npz, scores_csv

    read = []

    def count(path, max_bytes):
        read.append(path)
        return bounded_file.read_bounded(path, max_bytes)

    for module in (json_file, npz_file, resamples_npz, scores_csv):
        monkeypatch.setattr(module, "read_bounded", count)
    write_report(study)
    assert len(read) == len(set(read)) == 6 * 3 + 2 * 3  # of pictures the first seed's
