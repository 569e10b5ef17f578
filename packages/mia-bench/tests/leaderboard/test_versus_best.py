"""A dataset's methods: intervals and tests are mia-metrics' of the scores on disk."""

import mia_metrics
import numpy as np
import pytest
from mia_bench.errors import StudyError
from mia_bench.leaderboard.rows import gather
from mia_bench.leaderboard.versus_best import compare_with_best
from mia_bench.metric_names import PIXEL_METRICS

SEEDS = (0, 1, 2, 3)


@pytest.fixture(scope="module")
def study(made_up, tmp_path_factory):
    out = tmp_path_factory.mktemp("within")
    made_up(out, ["lag"], {"ae": 0.2, "vae": 1.4, "dae": 1.6}, seeds=SEEDS, size=16)
    return out


def scores(study, method):
    """Labels and the scores of all seeds, read without our own reader."""
    tables = [
        np.genfromtxt(study / f"lag/{method}/seed-{seed}/scores.csv", delimiter=",", skip_header=1)
        for seed in SEEDS
    ]
    return tables[0][:, 1], np.stack([table[:, 2] for table in tables]).astype(np.float32)


def test_the_comparison_is_the_interval_and_the_test_of_the_mean_over_seeds(study):
    found = compare_with_best(gather(study))
    own = {method: scores(study, method) for method in ("ae", "dae", "vae")}
    labels = own["ae"][0]
    for metric in ("auroc", "ap"):
        expected = mia_metrics.compare_with_best(
            labels, {method: each for method, (_, each) in own.items()}, metric=metric
        )
        for method, each in expected.items():
            comparison = found[metric][method]
            assert comparison.found == each
            assert comparison.rivals == 2
    marks = {label: each.mark for label, each in found["auroc"].items()}
    assert marks == {"dae": "best", "vae": "alike", "ae": "worse"}


def test_the_comparison_is_of_what_the_leaderboard_says(study):
    rows = gather(study)
    found = compare_with_best(rows)["auroc"]
    for row in rows:
        assert found[row.label].found.estimate == pytest.approx(row.means["auroc"])


def test_the_order_of_the_images_on_disk_does_not_matter(study, tmp_path):
    import shutil

    shutil.copytree(study, tmp_path / "study")
    path = tmp_path / "study/lag/ae/seed-1/scores.csv"
    head, *lines = path.read_text().splitlines()
    path.write_text("\n".join([head, *reversed(lines)]) + "\n")
    assert compare_with_best(gather(tmp_path / "study")) == compare_with_best(gather(study))


def test_one_method_alone_has_an_interval_and_no_mark(made_up, tmp_path):
    made_up(tmp_path, ["lag"], {"ae": 1.0}, size=16)
    comparison = compare_with_best(gather(tmp_path))["auroc"]["ae"]
    assert comparison.mark == "alone"
    assert comparison.found.low < comparison.found.estimate < comparison.found.high


def test_pixel_metrics_are_tested_by_the_resamples_that_runs_kept(made_up, tmp_path):
    strengths = {"ae": 0.2, "vae": 1.4, "dae": 1.5}
    made_up(tmp_path, ["lag"], strengths, seeds=(0, 1), size=20, pixels=100)
    masks = np.zeros((80, 20, 20))
    masks[40:, 8:16, 8:20] = 1
    maps = {
        label: np.stack([np.load(tmp_path / f"lag/{label}/seed-{s}/maps.npy") for s in (0, 1)])
        for label in strengths
    }
    found = compare_with_best(gather(tmp_path))
    for metric in PIXEL_METRICS:
        expected = mia_metrics.compare_with_best(masks, maps, metric=metric, n_resamples=100)
        for label, each in expected.items():
            comparison = found[metric][label]
            assert comparison.found == pytest.approx(each, abs=0.005)
            assert comparison.rivals == 2
    assert found["pixel_ap"]["dae"].mark == "best"


def test_runs_that_kept_no_resamples_have_no_comparison_by_their_pixels(made_up, tmp_path):
    made_up(tmp_path, ["lag"], {"ae": 0.2, "vae": 1.4}, seeds=(0, 1), size=20, pixels=20)
    made_up(tmp_path, ["lag"], {"dae": 1.4}, seeds=(0, 1), size=20, pixels=30)
    (tmp_path / "lag/ae/seed-1/resamples.npz").unlink()
    found = compare_with_best(gather(tmp_path))
    assert len(found["auroc"]) == 3
    assert set(found["pixel_ap"]) == {"vae", "dae"}
    assert {each.mark for each in found["pixel_ap"].values()} == {"alone"}  # 20 are not 30


def test_a_method_on_other_images_is_not_tested_against_the_rest(made_up, tmp_path):
    made_up(tmp_path, ["lag"], {"ae": 0.2, "vae": 1.4}, size=16)
    made_up(tmp_path, ["lag"], {"dae": 3.0}, images=(30, 30), size=16)
    found = compare_with_best(gather(tmp_path))["auroc"]
    assert found["dae"].mark == "alone"
    assert found["vae"].mark == "best"


def test_seeds_on_different_images_are_refused(made_up, tmp_path):
    made_up(tmp_path, ["lag"], {"ae": 0.2}, seeds=(0,), size=16)
    made_up(tmp_path, ["lag"], {"ae": 0.2}, seeds=(1,), images=(30, 30), size=16)
    with pytest.raises(StudyError, match=r"seed-1 and .*seed-0 scored different test images"):
        compare_with_best(gather(tmp_path))


def test_holm_can_still_reject_with_many_methods():
    from mia_bench.leaderboard.versus_best import ALPHA, MIN_RESAMPLES, RESAMPLES_PER_METHOD

    for methods in (2, 27, 100, 500):
        smallest = 1 / (1 + max(MIN_RESAMPLES, RESAMPLES_PER_METHOD * methods))
        assert smallest * (methods - 1) < ALPHA
