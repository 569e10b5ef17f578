"""The columns of leaderboard.csv are what the rows, tests, ranks and published figures say."""

from __future__ import annotations

import csv

import pytest
from mia_bench.leaderboard.csv_file import make_records, write_csv
from mia_bench.leaderboard.leaderboard import make_leaderboard
from mia_bench.run_folder.status import read_runs


@pytest.fixture(scope="module")
def leaderboard(made_up, tmp_path_factory):
    out = tmp_path_factory.mktemp("records")
    made_up(out, ["rsna", "lag", "vincxr"], {"ae": 0.2, "dae": 1.8, "vae": 1.7}, size=16)
    return make_leaderboard(read_runs(out))


def test_the_csv_holds_the_records(leaderboard, tmp_path):
    write_csv(tmp_path / "leaderboard.csv", make_records(leaderboard))
    with (tmp_path / "leaderboard.csv").open(newline="") as file:
        lines = list(csv.DictReader(file))
    for line, record in zip(lines, make_records(leaderboard), strict=True):
        assert line == {name: "" if v is None else str(v) for name, v in record.items()}


def test_a_record_has_spread_interval_and_test(leaderboard):
    records = {(r["dataset"], r["method"]): r for r in make_records(leaderboard)}
    assert len(records) == 9
    for row in leaderboard.rows:
        record = records[row.key]
        found = leaderboard.cells[row.key]["ap"].comparison.found
        assert (record["ap"], record["ap_sd"]) == (row.means["ap"], row.deviations["ap"])
        assert (record["ap_low"], record["ap_high"]) == (found.low, found.high)
        assert record["ap_below_best"] == found.difference <= 0
        assert (record["ap_p_holm"] is None) == (record["ap_mark"] == "best")
    worse = records["rsna", "ae"]
    assert worse["auroc_mark"] == "worse"
    assert worse["auroc_p"] <= worse["auroc_p_holm"] < 0.05


def test_ranks_on_a_dataset_and_over_all(leaderboard):
    for dataset in leaderboard.datasets:
        rows = [row for row in leaderboard.rows if row.dataset == dataset]
        ranks = [leaderboard.cells[row.key]["auroc"].rank for row in rows]
        assert ranks == [1, 2, 3]  # rows are by falling AUROC
    by_method = {row.label: [] for row in leaderboard.rows}
    for row in leaderboard.rows:
        by_method[row.label].append(leaderboard.cells[row.key]["auroc"].rank)
    for record in make_records(leaderboard):
        mean = sum(by_method[record["method"]]) / 3
        assert record["auroc_average_rank"] == pytest.approx(mean)


def test_published_figures_and_costs(leaderboard):
    records = {(r["dataset"], r["method"]): r for r in make_records(leaderboard)}
    record = records["rsna", "ae"]
    assert record["auroc_published"] == 0.675
    assert record["auroc_difference"] is None  # 80 test images are not rsna's 2000
    assert "80 test images instead of 2000" in record["auroc_caveats"]
    assert "arXiv 2404.04518" in record["auroc_source"]
    assert records["lag", "vae"]["auroc_published"] is None
    assert record["peak_memory_bytes"] == 2**30
    assert record["peak_gpu_memory_bytes"] == 2**31
    assert record["parameters"] == 2_351_184
    assert record["fit_seconds"] == 61.0
