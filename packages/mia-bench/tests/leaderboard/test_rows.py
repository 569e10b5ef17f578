"""Rows are means and deviations over the seeds of what run.json says."""

from __future__ import annotations

import csv

import numpy as np
import pytest
from mia_bench.errors import StudyError
from mia_bench.leaderboard.rows import gather
from mia_bench.run_folder.folder import RunFolder
from sklearn.metrics import average_precision_score, roc_auc_score


def test_rows_are_the_seeds_own_scores(finished):
    rows = {row.dataset: row for row in gather(finished)}
    assert set(rows) == {"braintumor", "brats2021"}
    for name, row in rows.items():
        assert row.seeds == [0, 1]
        aurocs, aps = [], []
        for seed in row.seeds:
            folder = RunFolder(finished / name / "ae" / f"seed-{seed}")
            _, labels, scores = folder.read_scores()
            aurocs.append(roc_auc_score(labels, scores))
            aps.append(average_precision_score(labels, scores))
        assert row.means["auroc"] == pytest.approx(np.mean(aurocs), abs=1e-9)
        assert row.deviations["auroc"] == pytest.approx(np.std(aurocs, ddof=1), abs=1e-9)
        assert row.means["ap"] == pytest.approx(np.mean(aps), abs=1e-9)


def test_pixel_metrics_only_where_there_are_masks(finished):
    rows = {row.dataset: row for row in gather(finished)}
    assert "pixel_ap" not in rows["braintumor"].means
    assert 0 < rows["brats2021"].means["pixel_ap"] < 1


def test_the_csv_holds_the_rows(finished):
    rows = gather(finished)
    with (finished / "leaderboard.csv").open(newline="") as file:
        written = list(csv.DictReader(file))
    assert [line["dataset"] for line in written] == [row.dataset for row in rows]
    assert [float(line["auroc"]) for line in written] == [row.means["auroc"] for row in rows]
    assert written[0]["pixel_ap"] == ""


def test_a_folder_without_runs_is_an_error(tmp_path):
    with pytest.raises(StudyError, match="no runs in"):
        gather(tmp_path)
