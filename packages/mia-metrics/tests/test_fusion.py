"""Fusion against scipy's ranks, and the gain from calibrated scales."""

import mia_metrics as mm
import numpy as np
import pytest
from scipy.stats import rankdata


@pytest.fixture
def detectors():
    rng = np.random.default_rng(0)
    return {"ae": rng.standard_normal(50), "dae": np.round(1e3 * rng.random(50), -2)}


def test_rank_mean_equals_the_mean_of_scipys_ranks(detectors):
    ranks = [(rankdata(scores) - 0.5) / 50 for scores in detectors.values()]
    np.testing.assert_allclose(mm.fuse(detectors), np.mean(ranks, axis=0))
    np.testing.assert_allclose(mm.fuse(detectors, combine="maximum"), np.max(ranks, axis=0))


def test_none_combines_the_scores_as_they_are(detectors):
    raw = list(detectors.values())
    np.testing.assert_allclose(mm.fuse(detectors, scale="none"), np.mean(raw, axis=0))
    highest = mm.fuse(detectors, scale="none", combine="maximum")
    np.testing.assert_allclose(highest, np.max(raw, axis=0))


def test_quantile_calibration_makes_normal_scores_uniform():
    rng = np.random.default_rng(1)
    levels = mm.quantile_scale(rng.gamma(2.0, size=4000), rng.gamma(2.0, size=4000))
    expected = (np.arange(4000) + 0.5) / 4000
    assert np.max(np.abs(np.sort(levels) - expected)) < 0.04  # Kolmogorov's distance


def test_quantile_calibration_keeps_the_order_beyond_the_training_scores():
    train = np.array([1.0, 2.0, 2.0, 5.0])
    scores = np.linspace(-1e6, 1e6, 200_001)
    levels = mm.quantile_scale(train, scores)
    assert np.all(np.diff(levels) > 0)
    assert 0.0 < levels[0] < levels[-1] < 1.0
    assert mm.quantile_scale(train, [2.0])[0] == pytest.approx((1 + 1 + 0.5) / 5)


def test_quantile_calibration_joins_without_a_jump():
    train = np.random.default_rng(2).random(30)
    for end in (train.min(), train.max()):
        around = mm.quantile_scale(train, [end - 1e-9, end, end + 1e-9])
        assert np.ptp(around) < 1e-6


@pytest.mark.parametrize("train", [[3.0], [3.0, 3.0, 3.0]])
def test_training_scores_without_spread_still_order(train):
    levels = mm.quantile_scale(train, [2.0, 3.0, 4.0])
    assert levels[1] == 0.5
    assert levels[0] < 0.5 < levels[2]


def test_quantile_fusion_does_not_depend_on_the_other_test_images(detectors):
    train = {name: scores[:30] for name, scores in detectors.items()}
    whole = mm.fuse(detectors, scale="quantile", train_scores=train)
    alone = [
        mm.fuse(
            {name: scores[k : k + 1] for name, scores in detectors.items()},
            scale="quantile",
            train_scores=train,
        )[0]
        for k in range(50)
    ]
    np.testing.assert_array_equal(whole, alone)
    levels = [mm.quantile_scale(train[name], detectors[name]) for name in detectors]
    np.testing.assert_allclose(whole, np.mean(levels, axis=0))


@pytest.mark.parametrize("scale", ["rank", "quantile", "none"])
def test_maps_are_fused_like_the_scores_of_their_pixels(scale):
    rng = np.random.default_rng(4)
    maps = {name: rng.standard_normal((3, 4, 5)).astype(np.float32) for name in "ab"}
    train = {name: rng.standard_normal((2, 4, 5)) for name in "ab"} if scale == "quantile" else None
    fused = mm.fuse(maps, scale=scale, train_scores=train)
    flat = mm.fuse(
        {name: array.ravel() for name, array in maps.items()}, scale=scale, train_scores=train
    )
    assert fused.shape == (3, 4, 5)
    np.testing.assert_array_equal(fused.ravel(), flat)


def test_fusion_of_complementary_detectors_is_better_than_each():
    rng = np.random.default_rng(5)
    truth = np.arange(400) % 2 == 0
    scores = {name: np.exp(rng.standard_normal(400) + truth) for name in "abc"}
    train = {name: np.exp(rng.standard_normal(300)) for name in "abc"}
    single = max(mm.auroc(truth, each) for each in scores.values())
    assert mm.auroc(truth, mm.fuse(scores)) > single + 0.03
    calibrated = mm.fuse(scores, scale="quantile", train_scores=train)
    assert mm.auroc(truth, calibrated) > single + 0.03


@pytest.mark.parametrize(
    ("scores", "options", "message"),
    [
        ({}, {}, "expected scores of at least 1 detector, got 0"),
        ([[1.0]], {}, "expected scores to be a mapping by detector name, got list"),
        (
            {"a": [1.0]},
            {"scale": "quantile", "train_scores": [[1.0]]},
            "to be a mapping",
        ),
        ({"a": [1.0], "b": [1.0, 2.0]}, {}, r"of the same shape, got \(1,\) and \(2,\)"),
        ({"a": [np.nan]}, {}, r"expected scores\['a'\] to be finite, got NaN"),
        ({"a": [1.0]}, {"scale": "ranks"}, r"one of 'rank', .*nearest: 'rank'"),
        ({"a": [1.0]}, {"combine": "max"}, r"expected combine to be one of 'mean', 'maximum'"),
        ({"a": [1.0]}, {"scale": "quantile"}, "got no train_scores with 'quantile'"),
        ({"a": [1.0]}, {"train_scores": {"a": [1.0]}}, "got train_scores with 'rank'"),
        (
            {"a": [1.0]},
            {"scale": "quantile", "train_scores": {"b": [1.0]}},
            r"expected train_scores of \['a'\], got those of \['b'\]",
        ),
    ],
)
def test_bad_input_is_refused(scores, options, message):
    with pytest.raises(ValueError, match=message):
        mm.fuse(scores, **options)
