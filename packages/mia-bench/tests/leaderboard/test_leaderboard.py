"""Cells of the leaderboard: means, ranks, warmth and marks of a dataset's methods."""

from __future__ import annotations

import pytest
from mia_bench.leaderboard.leaderboard import make_leaderboard
from mia_bench.run_folder.status import read_runs


@pytest.fixture(scope="module")
def leaderboard(made_up, tmp_path_factory):
    out = tmp_path_factory.mktemp("leaderboard")
    made_up(out, ["rsna", "lag"], {"ae": 0.2, "dae": 1.8, "vae": 1.7}, size=16)
    return make_leaderboard(read_runs(out))


def test_cells_hold_the_values_of_their_rows(leaderboard):
    assert leaderboard.datasets == ["lag", "rsna"]
    assert leaderboard.metrics == ["auroc", "ap"]
    for row in leaderboard.rows:
        cell = leaderboard.cells[row.key]["auroc"]
        assert (cell.mean, cell.deviation) == (row.means["auroc"], row.deviations["auroc"])
        assert cell.text == f"{cell.mean:.3f} ± {cell.deviation:.3f}"
        nothing = leaderboard.cells[row.key]["pixel_ap"]
        assert (nothing.mean, nothing.rank, nothing.warmth, nothing.text) == (None, None, None, "-")
        assert nothing.mark == "alone"


def test_warmth_runs_from_the_worst_to_the_best_method(leaderboard):
    for dataset in leaderboard.datasets:
        rows = [row for row in leaderboard.rows if row.dataset == dataset]
        cells = [leaderboard.cells[row.key]["auroc"] for row in rows]
        low, high = cells[-1].mean, cells[0].mean
        expected = [round(100 * (cell.mean - low) / (high - low)) for cell in cells]
        assert [cell.warmth for cell in cells] == expected
        assert (expected[0], expected[-1]) == (100, 0)
    assert leaderboard.has_marks


def test_equal_means_share_their_rank(made_up, tmp_path):
    import shutil

    made_up(tmp_path, ["lag"], {"ae": 0.2, "dae": 1.8}, size=16)
    for path in (tmp_path / "lag/dae").iterdir():
        twin = tmp_path / "lag/vae" / path.name
        shutil.copytree(path, twin)
        text = (twin / "run.json").read_text()
        (twin / "run.json").write_text(text.replace('"label": "dae"', '"label": "vae"'))
    found = make_leaderboard(read_runs(tmp_path))
    assert {row.label: found.cells[row.key]["auroc"].rank for row in found.rows} == {
        "dae": 1.5,
        "vae": 1.5,
        "ae": 3,
    }
