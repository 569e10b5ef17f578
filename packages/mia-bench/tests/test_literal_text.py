"""Texts of users are shown as they are, wherever they are shown."""

from __future__ import annotations

import csv
import io
import warnings

import numpy as np
import pytest
from mia_bench.cli import main
from mia_bench.leaderboard.csv_file import make_records, write_csv
from mia_bench.leaderboard.leaderboard import make_leaderboard
from mia_bench.literal_text import csv_cell, from_csv_cell, on_page, visible
from mia_bench.report import ranks, rate_curves
from mia_bench.report.write import write_report
from mia_bench.run_folder.records import Progress
from mia_bench.run_folder.scores_csv import read_scores, write_scores
from mia_bench.run_folder.status import read_runs
from mia_bench.terminal.console import make_console, print_whole
from mia_bench.terminal.progress import LiveDisplay, LogDisplay
from rich.table import Table

HOSTILE = "\x1b[2J\x1b]0;t\x07\u202egpj\x9b\udce9"
SHOWN = r"\x1b[2J\x1b]0;t\x07\u202egpj\x9b\udce9"
LABELS = ["_hidden", "$\\alpha^2$", "50$ $x_1$", "__", "$", "a_b"]


def test_what_a_terminal_would_obey_is_shown():
    assert visible(HOSTILE) == SHOWN
    persian = "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"
    same = f"gr\u00fcn \u6c49 {persian} \U0001f469\u200d\u2695 a\u00a0b\n\t[b]"
    assert visible(same) == same


def test_markup_of_our_own_stays_on_a_page():
    from markupsafe import Markup

    assert on_page(HOSTILE) == SHOWN
    assert on_page(Markup("<b>\u202e</b>")) == "<b>\u202e</b>"
    assert on_page(5) == 5


RISKY = [
    "=1+1",
    "+1",
    "-1",
    "@a",
    "\t=1",
    "\r1",
    " =1",
    "'=1",
    "''=1",
    "\uff1d1",
    "'",
    "'a",
    "a",
    "",
]


@pytest.mark.parametrize("text", RISKY)
def test_a_cell_is_no_formula_and_can_be_read_back(text):
    cell = csv_cell(text)
    assert not cell.lstrip(" ").startswith(tuple("=+-@\t\r\uff1d"))
    assert from_csv_cell(cell) == text


def test_numbers_and_texts_that_are_no_formulas_stay():
    assert [csv_cell(value) for value in (-1.5, None, 3, "a=1")] == [-1.5, None, 3, "a=1"]


def test_ids_of_a_run_come_back_as_they_were(tmp_path):
    labels = np.arange(len(RISKY)) % 2
    write_scores(tmp_path / "scores.csv", RISKY, labels, labels.astype(np.float32))
    assert read_scores(tmp_path / "scores.csv").ids == RISKY
    with (tmp_path / "scores.csv").open(newline="") as file:
        ids = [line["id"] for line in csv.DictReader(file)]
    assert not any(name.lstrip(" ").startswith(tuple("=+-@\t\r\uff1d")) for name in ids)


def test_the_leaderboard_has_no_formula(made_up, tmp_path):
    made_up(tmp_path, ["rsna"], {"=cmd()": 1.0, "@b": 0.5}, seeds=(0,), size=16)
    write_csv(tmp_path / "l.csv", make_records(make_leaderboard(read_runs(tmp_path))))
    with (tmp_path / "l.csv").open(newline="") as file:
        lines = list(csv.DictReader(file))
    assert {line["method"] for line in lines} == {"'=cmd()", "'@b"}
    assert all(float(line["auroc"]) > 0 for line in lines)


@pytest.mark.parametrize("count", [2, 6, 20])
def test_legends_show_every_name_as_it_is(count):
    names = [*LABELS, *(f"m{number}" for number in range(20))][:count]
    scores = {name: (np.array([0, 1, 0, 1]), np.arange(4.0)) for name in names}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        drawn = rate_curves.roc(scores)
    for name in names:
        assert f">{name}</text>" in drawn


def test_a_name_with_a_broken_formula_is_drawn():
    scores = {
        r"$\frac{$": (np.array([0, 1]), np.arange(2.0)),
        "\u202ea": (np.array([0, 1]), np.arange(2.0)),
    }
    drawn = rate_curves.precision_recall(scores)
    assert r">$\frac{$</text>" in drawn
    assert r">\u202ea</text>" in drawn
    assert "|" not in "".join(part.split("<")[0] for part in drawn.split(">"))


def test_the_diagram_of_ranks_shows_names_as_they_are():
    import mia_metrics

    values = np.random.default_rng(0).random((8, len(LABELS)))
    table = {name: values[:, number] for number, name in enumerate(LABELS)}
    drawn = ranks.diagram(mia_metrics.critical_difference(table))
    for name in LABELS:
        assert name in drawn


def test_a_page_isolates_names(made_up, tmp_path):
    made_up(tmp_path, ["rsna"], {"$x$": 1.0, "_b": 0.5}, seeds=(0,), size=16)
    page = write_report(tmp_path).page.read_text(encoding="utf-8")
    assert "unicode-bidi: isolate" in page
    for name in ("$x$", "_b"):
        assert f">{name}</text>" in page


@pytest.mark.parametrize("kind", [LiveDisplay, LogDisplay])
def test_a_console_shows_escape_sequences(kind):
    console = make_console()
    console.file, console.width = io.StringIO(), 200
    with kind(console, 1, 0) as display:
        display.show_progress(HOSTILE, Progress(1, 2, 0.5))
        console.print(HOSTILE)
        table = Table("name", title=HOSTILE)
        table.add_row(HOSTILE)
        print_whole(console, table)
    text = console.file.getvalue()
    assert text.count(SHOWN) >= 3
    for character in "\x07\u202e\x9b\udce9":
        assert character not in text
    assert "\x1b[2J" not in text


@pytest.mark.parametrize(
    "arguments",
    [
        ["run", f"{HOSTILE}.toml"],
        ["run", "--datasets", HOSTILE],
        ["score", "--model", HOSTILE, "--images", "x", "--out", "y"],
        ["report", HOSTILE],
        [HOSTILE],
        ["run", f"--{HOSTILE}"],
    ],
)
def test_errors_show_escape_sequences(arguments, capsys):
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    said = capsys.readouterr().err
    assert caught.value.code == 2
    assert said.rstrip("\n").isprintable()
    assert r"\x1b" in said
