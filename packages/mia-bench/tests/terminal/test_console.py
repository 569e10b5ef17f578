"""What the terminal shows is what is meant: names and errors as they are, tables whole."""

from __future__ import annotations

import io

import pytest
from mia_bench.cli import main
from mia_bench.detectors import plugins
from mia_bench.run_folder.folder import State
from mia_bench.run_folder.records import Progress
from mia_bench.terminal.console import make_console, print_whole
from mia_bench.terminal.progress import LiveDisplay, LogDisplay
from rich.table import Table

NAME, ERROR = "phantom/a[b]/seed-0", "nothing in [/data] :warning:"


@pytest.fixture
def console():
    """A narrow one that writes into a text."""
    console = make_console()
    console.file, console.width = io.StringIO(), 60
    return console


@pytest.mark.parametrize("kind", [LiveDisplay, LogDisplay])
def test_names_and_errors_of_runs_are_no_markup(console, kind):
    with kind(console, 1, 0) as display:
        display.show_progress(NAME, Progress(1, 2, 0.5))
        display.show_end(NAME, State.FAILED, ERROR)
    text = " ".join(console.file.getvalue().split())
    assert f"failed {NAME} {ERROR}" in text


def test_tables_are_whole_and_no_markup(console):
    table = Table("name", title=NAME)
    table.add_row(ERROR * 5)
    print_whole(console, table)
    assert NAME in console.file.getvalue()
    assert ERROR * 5 in console.file.getvalue()


def test_a_terminal_without_unicode_shows_what_it_can(
    made_up, mia_bench_process, tmp_path, monkeypatch
):
    made_up(tmp_path, ["rsna"], {"ae": 1.0, "vae": 0.5}, seeds=(0, 1), size=16)
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    result = mia_bench_process("report", tmp_path)
    assert result.returncode == 0, result.stderr
    assert "Runs: 4 finished" in result.stdout


def test_the_list_of_methods_is_whole_on_a_narrow_terminal(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    with pytest.raises(SystemExit):
        main(["list", "methods"])
    lines = capsys.readouterr().out.splitlines()
    for name, method in plugins.methods().items():
        (line,) = [line for line in lines if line.split()[:1] == [name]]
        assert method.info.summary in line
