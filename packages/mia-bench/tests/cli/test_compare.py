"""Two methods, or two folders: the difference is mia-metrics' test of the same scores."""

import csv
import json

import mia_metrics
import numpy as np
import pytest
from mia_bench.run_folder.folder import RunFolder

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


def test_pixel_metrics_are_compared_by_the_resamples_that_runs_kept(mia_bench, made_up, tmp_path):
    out = tmp_path / "study"
    made_up(out, ["lag"], {"ae": 0.4, "dae": 1.0}, seeds=(0, 1, 2), size=20, pixels=200)
    made_up(out, ["rsna"], {"ae": 0.4, "dae": 1.0}, seeds=(0,), size=20)
    masks = np.zeros((80, 20, 20))
    masks[40:, 8:16, 8:20] = 1
    a, b = (
        np.stack([np.load(out / f"lag/{label}/seed-{seed}/maps.npy") for seed in (0, 1, 2)])
        for label in ("dae", "ae")
    )
    expected = mia_metrics.compare(masks, a, b, metric="pixel_ap", n_resamples=200)
    options = ("--out", out, "--metric", "pixel_ap")
    (record,) = json.loads(mia_bench("compare", "dae", "ae", *options, "--json").stdout)
    assert record["difference"] == pytest.approx(expected.difference)
    assert (record["low"], record["high"]) == pytest.approx(
        (expected.low, expected.high), abs=0.003
    )
    assert (record["dataset"], record["seeds"], record["differs"]) == ("lag", 3, True)
    (out / "lag/ae/seed-2/resamples.npz").unlink()
    result = mia_bench("compare", "dae", "ae", *options)
    assert result.returncode == 2
    assert f"the runs in {out}/lag/ae have kept no resamples of pixel_ap" in result.stderr


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
        (["dae", "ae", "--out", "STUDY", "--metric", "pixel_ap"], "that have pixel_ap"),
        (["dae", "ae", "--out", "STUDY", "--metric", "pixel_app"], "--metric"),
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
