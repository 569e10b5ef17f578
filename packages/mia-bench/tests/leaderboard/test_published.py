"""Published figures: the file is sound, and a figure stands beside what it may be compared with."""

import mia_data
import numpy as np
import pytest
from mia_bench.detectors import plugins
from mia_bench.leaderboard.published import TIME, compare_with_published, published_figures
from mia_bench.leaderboard.rows import make_row
from mia_bench.metric_names import METRICS
from mia_bench.run_folder.folder import RunFolder
from mia_bench.run_folder.records import (
    ImageCounts,
    Machine,
    PeakMemory,
    RunRecord,
    RunSettings,
    StageSeconds,
)
from mia_bench.run_folder.scores_csv import ImageScores
from mia_bench.run_folder.status import FinishedRun

AS_ORIGINAL = {"sample_at_test": True}


def row(dataset="rsna", method="ae", *, images=(None, None), metrics=None, **changes):
    """A row of this method with the study's settings but for the changes."""
    info = plugins.find_method(method).info
    counts = mia_data.info(dataset).counts
    train, test = images
    settings = {
        **{"dataset": dataset, "label": "mine", "method": method, "seed": 0},
        **{"epochs": 250, "image_size": info.image_size, "channels": 1},
        **{"resize": info.resize, "resample": info.resample, "options": {}, **changes},
    }
    record = RunRecord(
        settings=RunSettings(**settings),
        metrics={"auroc": 0.8, "ap": 0.75, "best_dice": 0.5, **(metrics or {})},
        intervals={},
        images=ImageCounts(
            train or counts.train_normal, test or counts.test_normal + counts.test_abnormal
        ),
        losses=(),
        seconds=StageSeconds(fit=100.0, predict=1.0),
        peak_memory=PeakMemory(2**30),
        machine=Machine(device="cpu", name="a processor", threads=1),
    )
    scores = ImageScores(["a", "b"], np.array([0, 1]), np.zeros(2, np.float32))
    return make_row(dataset, "mine", [FinishedRun(RunFolder(None), record, scores, None)])


def caveats(*arguments, metric="auroc", **changes):
    """Caveats of the preferred figure of a metric."""
    compared = compare_with_published(row(*arguments, **changes))
    return next(each for each in compared if each.figure.metric == metric).caveats


def test_every_figure_is_of_a_known_dataset_method_and_metric():
    assert len(published_figures()) > 170
    for figure in published_figures():
        assert figure.dataset in mia_data.names()
        assert figure.method in plugins.methods()
        assert figure.metric in (*METRICS, TIME)
        assert figure.source
        assert figure.metric == TIME or 0 < figure.value < 1
        assert figure.select in ("", "pseudo_auroc")


def test_no_figure_is_there_twice():
    keys = [
        (f.dataset, f.method, f.metric, f.select, tuple(f.options.items()), f.source)
        for f in published_figures()
    ]
    assert len(set(keys)) == len(keys)


def test_some_figures_as_they_were_published():
    usual = [f for f in published_figures() if not f.select and not f.options]
    found = {(f.dataset, f.method, f.metric): f.value for f in usual}
    assert found["rsna", "nsa", "auroc"] == 0.805
    assert found["brats2021", "pii", "best_dice"] == 0.459
    assert found["rsna", "ae-perceptual", "ap"] == 0.848
    assert found["camelyon16", "dae", "auroc"] == 0.654
    assert found["brats2021", "nsa", TIME] == 5 * 3600 + 26 * 60
    assert found["vincxr", "ae", "auroc"] == 0.564
    assert found["braintumor", "ceae", "ap"] == 0.760
    assert found["brats2021", "memae", "auroc"] == 0.639


def test_the_same_experiment_has_a_difference_and_no_caveat():
    found = {each.figure.metric: each for each in compare_with_published(row())}
    assert found["auroc"].difference == pytest.approx(0.8 - 0.675)
    assert found["auroc"].caveats == ()
    assert found["ap"].difference == pytest.approx(0.75 - 0.667)


def test_times_have_no_difference():
    compared = compare_with_published(row(method="nsa"))
    (time,) = [each for each in compared if each.figure.metric == TIME]
    assert time.difference is None
    assert time.ours == 100
    assert "on another machine" in time.caveats


def test_other_images_have_no_difference_and_say_so():
    found = compare_with_published(row(images=(None, 300)))
    assert found[0].difference is None
    assert found[0].caveats == ("300 test images instead of 2000",)


@pytest.mark.parametrize(
    ("changes", "caveat"),
    [
        ({"epochs": 30}, "epochs 30 instead of 250"),
        ({"image_size": 128}, "image_size 128 instead of 64"),
        ({"options": {"batch_size": 16}}, "batch_size 16 instead of 64"),
        ({"options": {"latent": 8}}, "latent 8 instead of 16"),
        ({"options": {"padding": 3, "x": "y"}}, "options padding = 3, x = y"),
    ],
)
def test_other_settings_are_named_beside_the_difference(changes, caveat):
    found = compare_with_published(row(**changes))
    assert found[0].caveats == (caveat,)
    assert found[0].difference is not None


def test_an_option_that_is_set_to_the_original_value_is_no_difference():
    assert caveats(options={"batch_size": 64, "latent": 16}) == ()


@pytest.mark.parametrize("method", ["vae", "vae-rec", "vae-combi"])
def test_a_vae_is_the_original_experiment_only_where_it_samples(method):
    assert caveats(method=method) == ("sample_at_test False instead of True",)
    assert caveats(method=method, options=AS_ORIGINAL) == ()


def test_dae_is_the_original_experiment_only_with_its_noise():
    noise = "original_noise False instead of True"
    region = "noise_region everywhere instead of foreground"
    assert caveats("braintumor", "dae", epochs=600) == (noise, region)
    assert caveats(method="dae") == (noise,)
    original = {"original_noise": True, "noise_region": "foreground"}
    assert caveats("brats2021", "dae", options=original) == ()


def test_perceptual_loss_needs_the_statistics_of_the_original():
    (caveat,) = caveats(method="ae-perceptual")
    assert "features are normalized by the training images' statistics" in caveat
    assert caveats(method="ae-perceptual", options={"statistics": "stats.pt"}) == ()


@pytest.mark.parametrize("method", ["cutpaste", "fpi", "pii", "nsa"])
def test_one_stage_methods_are_the_original_s_only_with_its_filter(method):
    assert caveats(method=method) == ()
    assert caveats(method=method, resample="bilinear") == ("resample bilinear instead of lanczos",)


def test_best_dice_says_that_it_was_measured_otherwise():
    found = caveats("brats2021", metric="best_dice")
    assert any("quantile thresholds" in caveat for caveat in found)


def test_best_dice_by_the_study_s_rule_stands_beside_its_figure():
    ours = row("brats2021", metrics={"study_dice": 0.41})
    (found,) = [each for each in compare_with_published(ours) if each.figure.metric == "best_dice"]
    assert (found.ours, found.difference) == (0.41, pytest.approx(0.41 - 0.392))
    assert found.caveats == ()


def test_a_chosen_epoch_is_compared_with_a_chosen_epoch_only():
    last = compare_with_published(row("vincxr", "nsa", epochs=400))
    assert [each.figure.value for each in last if each.figure.metric == "auroc"] == [0.500]
    chosen = compare_with_published(row("vincxr", "nsa", epochs=400, select="pseudo_auroc"))
    assert [each.figure.value for each in chosen if each.figure.metric == "auroc"] == [0.762]
    assert any("held out" in caveat for caveat in chosen[0].caveats)


def test_a_figure_for_other_options_stands_beside_runs_with_these_options_alone():
    usual = [each.figure.value for each in compare_with_published(row())]
    assert 0.729 not in usual
    small = compare_with_published(row(options={"latent": 4}))
    aurocs = [each for each in small if each.figure.metric == "auroc"]
    assert [each.figure.value for each in aurocs] == [0.729, 0.675]  # the preferred one first
    assert aurocs[0].caveats == ()
    assert aurocs[1].caveats == ("latent 4 instead of 16",)


def test_a_method_without_figures_has_none():
    assert compare_with_published(row(method="ae-spatial")) == []
    plug_in = row(method="ae-spatial", **{"resize": "squash"})
    assert compare_with_published(plug_in) == []
