"""Two methods, or two folders: the difference is mia-metrics' test of the same scores."""

import csv
import json

import mia_metrics
import numpy as np
import pytest
from mia_bench.runfolder import RunFolder

SEEDS = (0, 1, 2, 3)


@pytest.fixture(scope="module")
def study(made_up, tmp_path_factory):
    out = tmp_path_factory.mktemp("compare") / "study"
    made_up(out, ["lag", "rsna"], {"ae": 0.2, "dae": 1.6}, seeds=SEEDS, size=16)
    made_up(out, ["lag"], {"vae": 0.6}, seeds=(SEEDS[-1], 9), size=16)
    return out


def read(study, dataset, method, seeds):
    folders = [RunFolder(study / dataset / method / f"seed-{seed}") for seed in seeds]
    return folders[0].read_scores()[1], np.stack([each.read_scores()[2] for each in folders])


def test_two_methods_of_a_folder(mia_bench, study, tmp_path):
    table = tmp_path / "table.csv"
    result = mia_bench("compare", "dae", "ae", "--out", study, "--csv", table, "--json")
    assert result.returncode == 0, result.stderr
    records = json.loads(result.stdout)
    assert [record["dataset"] for record in records] == ["lag", "rsna"]
    for record in records:
        labels, a = read(study, record["dataset"], "dae", SEEDS)
        _, b = read(study, record["dataset"], "ae", SEEDS)
        expected = mia_metrics.compare(labels, a, b, n_resamples=2000)
        assert record["difference"] == pytest.approx(expected.difference)
        assert (record["low"], record["high"]) == pytest.approx((expected.low, expected.high))
        assert record["p"] == pytest.approx(expected.p_value)
        each = [
            mia_metrics.auroc(labels, x) - mia_metrics.auroc(labels, y)
            for x, y in zip(a, b, strict=True)
        ]
        assert record["sd_over_seeds"] == pytest.approx(np.std(each, ddof=1))
        assert record["differs"]
    adjusted = mia_metrics.holm([record["p"] for record in records])
    assert [record["p_holm"] for record in records] == pytest.approx(adjusted)
    with table.open(newline="") as file:
        lines = list(csv.DictReader(file))
    assert [float(line["difference"]) for line in lines] == [r["difference"] for r in records]


def test_only_seeds_and_datasets_that_both_have_count(mia_bench, study):
    result = mia_bench("compare", "vae", "ae", "--out", study, "--metric", "ap", "--json")
    (record,) = json.loads(result.stdout)
    assert (record["dataset"], record["seeds"], record["sd_over_seeds"]) == ("lag", 1, None)
    labels, own = read(study, "lag", "vae", SEEDS[-1:])
    assert record["a"] == pytest.approx(mia_metrics.average_precision(labels, own[0]))


def test_two_folders_are_matched_by_their_runs(mia_bench, study, made_up, tmp_path):
    other = tmp_path / "other"
    made_up(other, ["lag"], {"dae": 0.1, "new": 1.0}, seeds=SEEDS, size=16)
    result = mia_bench("compare", study, other)
    assert result.returncode == 0, result.stderr
    assert "lag" in result.stdout
    assert "rsna" not in result.stdout
    assert "new" not in result.stdout
    (record,) = json.loads(mia_bench("compare", study, other, "--json").stdout)
    assert (record["method_a"], record["method_b"], record["seeds"]) == ("dae", "dae", len(SEEDS))
    assert record["difference"] > 0.2
    assert record["differs"]


def test_a_folder_against_itself_does_not_differ(mia_bench, study):
    records = json.loads(mia_bench("compare", study, study, "--json").stdout)
    assert {(record["difference"], record["p_holm"]) for record in records} == {(0.0, 1.0)}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["dae", "daa", "--out", "STUDY"], "did you mean 'dae'"),
        (["dae", "ae"], "no folder 'dae'"),
        (["STUDY", "EMPTY"], "no runs in"),
        (["STUDY", "OTHER"], "scored different test images"),
        (["STUDY", "STRANGE"], "no finished runs of the same dataset"),
        (["dae", "ae", "--out", "STUDY", "--metric", "pixel_ap"], "--metric"),
        (["dae"], "B"),
    ],
)
def test_what_cannot_be_compared_is_one_line(
    mia_bench, study, made_up, tmp_path, arguments, message
):
    (tmp_path / "EMPTY").mkdir()
    made_up(tmp_path / "OTHER", ["lag"], {"ae": 1.0}, seeds=(0,), images=(9, 9), size=16)
    made_up(tmp_path / "STRANGE", ["isic2018"], {"ae": 1.0}, seeds=(0,), size=16)
    places = {"STUDY": study, **{n: tmp_path / n for n in ("EMPTY", "OTHER", "STRANGE")}}
    result = mia_bench("compare", *(places.get(each, each) for each in arguments))
    assert result.returncode == 2
    assert message in result.stderr
    assert result.stderr.count("\n") == 1
    assert result.stdout == ""


def test_two_seeds_are_too_few_for_what_four_show(mia_bench, study, made_up, tmp_path):
    made_up(tmp_path, ["lag"], {"ae": 0.2, "dae": 1.6}, seeds=SEEDS[:2], size=16)
    few, many = (
        json.loads(mia_bench("compare", "dae", "ae", "--out", out, "--json").stdout)[0]
        for out in (tmp_path, study)
    )
    assert few["high"] - few["low"] > 1.5 * (many["high"] - many["low"])
    assert (few["differs"], many["differs"]) == (False, True)
