"""Published figures: the file is sound, and a figure stands beside what it may be compared with."""

from pathlib import Path

import mia_data
import pytest
from mia_bench import providers
from mia_bench.leaderboard import METRICS, Row
from mia_bench.published import PATH, TIME, beside, figures


def row(dataset="rsna", method="nsa", **changes):
    """A row that repeats the study's experiment but for the changes."""
    info = providers.method(method).info
    counts = mia_data.info(dataset).counts
    result = {
        "settings": {
            **{"dataset": dataset, "label": "mine", "method": method, "seed": 0},
            **{"epochs": 250, "image_size": info.image_size, "channels": 1},
            **{"resize": info.resize, "options": {}},
            **changes.get("settings", {}),
        },
        "images": {
            "train": counts.train_normal,
            "test": counts.test_normal + counts.test_abnormal,
            **changes.get("images", {}),
        },
        "metrics": {"auroc": 0.8, "ap": 0.75, "best_dice": 0.5, **changes.get("metrics", {})},
        "seconds": {"fit": 100.0},
    }
    return Row(dataset, "mine", [], [result])


def test_every_figure_is_of_a_known_dataset_method_and_metric():
    assert len(figures()) > 100
    for figure in figures():
        assert figure.dataset in mia_data.names()
        assert figure.method in providers.methods()
        assert figure.metric in (*METRICS, TIME)
        assert figure.source
        assert figure.metric == TIME or 0 < figure.value < 1
        assert figure.select in ("", "pseudo_auroc")


def test_no_figure_is_there_twice():
    keys = [(f.dataset, f.method, f.metric, f.select, f.source) for f in figures()]
    assert len(set(keys)) == len(keys)


def test_some_figures_as_they_were_published():
    found = {(f.dataset, f.method, f.metric): f.value for f in figures() if not f.select}
    assert found["rsna", "nsa", "auroc"] == 0.805
    assert found["brats2021", "pii", "best_dice"] == 0.459
    assert found["rsna", "ae-perceptual", "ap"] == 0.848
    assert found["camelyon16", "dae", "auroc"] == 0.654
    assert found["brats2021", "nsa", TIME] == 5 * 3600 + 26 * 60


def test_options_of_the_study_itself_are_no_difference():
    def is_named(dataset, region):
        settings = {"options": {"noise_region": region}}
        caveats = beside(row(dataset, "dae", settings=settings))[0].caveats
        return f"options noise_region = {region}" in caveats

    assert not is_named("braintumor", "foreground")
    assert is_named("braintumor", "everywhere")
    assert is_named("rsna", "foreground")


def test_the_benchmarks_folder_shows_the_same_file():
    link = Path(__file__).parents[3] / "benchmarks" / "published.csv"
    if not link.exists():
        pytest.skip("the tests were copied without the repository's benchmarks folder")
    assert link.read_bytes() == PATH.read_bytes()


def test_the_same_experiment_has_a_difference_and_no_caveat():
    found = {each.figure.metric: each for each in beside(row())}
    assert found["auroc"].difference == pytest.approx(0.8 - 0.805)
    assert found["auroc"].caveats == ()
    assert found["ap"].difference == pytest.approx(0.75 - 0.790)
    assert found[TIME].difference is None
    assert found[TIME].ours == 100


def test_other_images_have_no_difference_and_say_so():
    found = beside(row(images={"test": 300}))
    assert found[0].difference is None
    assert found[0].caveats == ("300 test images instead of 2000",)


@pytest.mark.parametrize(
    ("settings", "caveat"),
    [
        ({"epochs": 30}, "epochs 30 instead of 250"),
        ({"image_size": 128}, "image_size 128 instead of 256"),
        ({"options": {"batch_size": 16}}, "options batch_size = 16"),
    ],
)
def test_other_settings_are_named_beside_the_difference(settings, caveat):
    found = beside(row(settings=settings))
    assert found[0].caveats == (caveat,)
    assert found[0].difference is not None


def test_best_dice_says_that_it_was_measured_otherwise():
    changes = {"epochs": 250, "image_size": 256}
    found = beside(row("brats2021", "nsa", settings=changes))
    (dice,) = [each for each in found if each.figure.metric == "best_dice"]
    assert any("quantile thresholds" in caveat for caveat in dice.caveats)


def test_a_chosen_epoch_is_compared_with_a_chosen_epoch_only():
    last = beside(row("vincxr", "nsa", settings={"epochs": 400}))
    assert [each.figure.value for each in last if each.figure.metric == "auroc"] == [0.500]
    chosen = beside(row("vincxr", "nsa", settings={"epochs": 400, "select": "pseudo_auroc"}))
    assert [each.figure.value for each in chosen if each.figure.metric == "auroc"] == [0.762]
    assert any("held out" in caveat for caveat in chosen[0].caveats)


def test_a_method_without_figures_has_none():
    assert beside(row("rsna", "ae-spatial")) == []
    assert beside(row("rsna", "nsa", settings={"method": "a-plug-in"})) == []
