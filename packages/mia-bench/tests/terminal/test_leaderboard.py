"""The table in the terminal: values, marks, what they mean, and nothing cut on a narrow screen."""

from __future__ import annotations

import io

import pytest
from mia_bench.leaderboard.leaderboard import MARKS, make_leaderboard
from mia_bench.leaderboard.rows import format_count
from mia_bench.run_folder.status import read_runs
from mia_bench.terminal.leaderboard import print_leaderboard
from rich.console import Console


@pytest.fixture(scope="module")
def leaderboard(made_up, tmp_path_factory):
    out = tmp_path_factory.mktemp("table")
    made_up(out, ["rsna", "lag", "vincxr"], {"ae": 0.2, "dae": 1.8, "vae": 1.7}, size=16)
    return make_leaderboard(read_runs(out))


def printed(leaderboard, **options):
    file = io.StringIO()
    print_leaderboard(Console(file=file, width=60), leaderboard, **options)
    return file.getvalue()


def line_of(text, dataset, method):
    (line,) = [each for each in text.splitlines() if each.split()[:2] == [dataset, method]]
    return line


def test_values_intervals_and_marks_stand_in_one_line(leaderboard):
    text = printed(leaderboard)
    for row in leaderboard.rows:
        line = line_of(text, row.dataset, row.label)
        cell = leaderboard.cells[row.key]["auroc"]
        found, mark = cell.comparison.found, MARKS[cell.mark]
        assert f"{cell.mean:.3f} ± {cell.deviation:.3f} {mark}" in line
        assert f"{found.low:.3f} - {found.high:.3f}" in line
        assert "2.35 M" in line
    assert "Holm" in text


def test_average_ranks_and_the_verdict_come_last(leaderboard):
    text = printed(leaderboard)
    tail = text[text.index("Average rank by AUROC over 3 datasets") :]
    for label, rank in leaderboard.rankings["auroc"].average.items():
        assert [label, f"{rank:.2f}"] in [line.split() for line in tail.splitlines()]
    assert "Friedman" in tail


def test_published_figures_are_shown_when_asked_for(leaderboard):
    assert "published" not in printed(leaderboard)
    text = printed(leaderboard, published=True)
    assert "0.675†" in line_of(text, "rsna", "ae")
    assert "† not the published experiment" in text


def test_one_method_on_one_dataset_has_no_marks_and_no_ranks(made_up, tmp_path):
    made_up(tmp_path, ["phantom"], {"ae": 1.0}, seeds=(0,), size=16)
    text = printed(make_leaderboard(read_runs(tmp_path)), published=True)
    assert not {"▲", "≈", "†"} & set(text)
    assert "rank" not in text
    assert "no published figures" in text


def test_counts_are_short():
    shown = [format_count(count) for count in (None, 0, 999, 4_300, 2_351_184, 31_042_369)]
    assert shown == ["-", "0", "999", "4.3 k", "2.35 M", "31 M"]
