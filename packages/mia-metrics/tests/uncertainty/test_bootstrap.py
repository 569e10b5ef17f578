"""Bootstrap intervals: fast resamples against plain ones, and coverage by simulation."""

import math

import mia_metrics as mm
import numpy as np
import pytest
from mia_metrics.image import FORMULAS
from mia_metrics.pixel import PIXEL_FORMULAS
from mia_metrics.uncertainty.resample import bootstrap_values, leave_one_out, strata
from mia_metrics.uncertainty.resampled_metric import evaluator, evaluators, mean_of
from scipy import stats


def resampled(metric, truth, scores, **options):
    parts = strata(truth)
    return bootstrap_values(parts, [evaluator(metric, parts, truth, scores)], **options)[0]


def left_out(metric, truth, scores):
    parts = strata(truth)
    return leave_one_out(parts, evaluator(metric, parts, truth, scores))


@pytest.mark.parametrize("metric", list(FORMULAS))
@pytest.mark.parametrize("levels", [3, None])
def test_counted_resamples_equal_drawn_ones(images, metric, levels):
    truth, scores = images(0, size=50, levels=levels)

    def plain(labels, values):
        return mm.image_metrics(labels, values)[metric]

    fast = resampled(metric, truth, scores, n_resamples=40, seed=3)
    slow = resampled(plain, truth, scores, n_resamples=40, seed=3)
    np.testing.assert_allclose(fast, slow, atol=1e-12)
    for counted, drawn in zip(
        left_out(metric, truth, scores), left_out(plain, truth, scores), strict=True
    ):
        np.testing.assert_allclose(counted, drawn, atol=1e-12)
    for method in ("percentile", "bca"):
        by_name = mm.bootstrap_interval(truth, scores, metric=metric, method=method, n_resamples=50)
        by_call = mm.bootstrap_interval(truth, scores, metric=plain, method=method, n_resamples=50)
        assert by_name == pytest.approx(by_call, abs=1e-12)


def test_resamples_do_not_depend_on_the_chunk(images, monkeypatch):
    truth, scores = images(1, levels=20)
    whole = resampled("ap", truth, scores, n_resamples=30, seed=0)
    monkeypatch.setattr("mia_metrics.uncertainty.resample._CHUNK", 7 * truth.size)
    parts = resampled("ap", truth, scores, n_resamples=30, seed=0)
    np.testing.assert_array_equal(whole, parts)


def test_resamples_are_stratified_and_seeded(images):
    truth, scores = images(2)
    positives = []

    def count(labels, values):
        positives.append(int(np.sum(labels)))
        return values.mean()

    first = mm.bootstrap_interval(truth, scores, metric=count, n_resamples=20, seed=5)
    assert set(positives) == {int(truth.sum())}
    assert first == mm.bootstrap_interval(truth, scores, metric=count, n_resamples=20, seed=5)
    assert first != mm.bootstrap_interval(truth, scores, metric=count, n_resamples=20, seed=6)


def test_percentile_interval_is_the_quantiles_of_the_resamples(images):
    truth, scores = images(3)
    values = resampled("auroc", truth, scores, n_resamples=500, seed=9)
    interval = mm.bootstrap_interval(truth, scores, n_resamples=500, seed=9, confidence=0.8)
    assert interval.low == pytest.approx(np.quantile(values, 0.1))
    assert interval.high == pytest.approx(np.quantile(values, 0.9))
    assert interval.estimate == pytest.approx(mm.auroc(truth, scores))


def test_bca_agrees_with_scipy_on_two_samples(images):
    truth, scores = images(4, size=150)

    def two_samples(normal, abnormal, axis=-1):
        pairs = abnormal[..., :, None] > normal[..., None, :]
        return pairs.mean(axis=(-2, -1))

    ours = mm.bootstrap_interval(truth, scores, method="bca", n_resamples=20_000)
    theirs = stats.bootstrap(
        (scores[~truth], scores[truth]), two_samples, method="BCa", vectorized=True,
        n_resamples=20_000, batch=500, random_state=np.random.default_rng(0),
    ).confidence_interval  # fmt: skip
    assert ours.low == pytest.approx(theirs.low, abs=0.005)
    assert ours.high == pytest.approx(theirs.high, abs=0.005)


@pytest.mark.parametrize("method", ["percentile", "bca"])
def test_coverage_by_simulation(method):
    truth = np.arange(120) >= 60
    true_auroc = 0.5 * math.erfc(-1.2 / 2)  # normal scores, 1.2 apart
    rng = np.random.default_rng(0)
    covered = 0
    for seed in range(1000):
        scores = rng.standard_normal(120) + 1.2 * truth
        interval = mm.bootstrap_interval(
            truth, scores, confidence=0.9, n_resamples=200, method=method, seed=seed
        )
        covered += interval.low <= true_auroc <= interval.high
    assert 0.86 <= covered / 1000 <= 0.94


def test_no_variation_gives_the_estimate():
    for method in ("percentile", "bca"):
        interval = mm.bootstrap_interval([0, 0, 1, 1], [1, 2, 3, 4], method=method)
        assert interval == (1.0, 1.0, 1.0, 0.95)


@pytest.mark.parametrize("metric", list(PIXEL_FORMULAS))
@pytest.mark.parametrize("levels", [3, None])
def test_weighted_images_equal_drawn_ones(pixels, metric, levels):
    masks, maps = pixels(0, shape=(9, 8, 8), levels=levels)
    masks[5] = False
    masks[:, 0, 0], maps[:, 0, 0] = False, maps.max()  # a tie at the very top
    masks[0, 7, 7], maps[:, 7, 7] = True, maps.min()  # and one at the very bottom

    def plain(truth, scores):
        return mm.pixel_metrics(truth, scores)[metric]

    fast = resampled(metric, masks, maps, n_resamples=30, seed=1)
    np.testing.assert_allclose(fast, resampled(plain, masks, maps, n_resamples=30, seed=1))
    for counted, drawn in zip(
        left_out(metric, masks, maps), left_out(plain, masks, maps), strict=True
    ):
        np.testing.assert_allclose(counted, drawn, atol=1e-12)
    interval = mm.bootstrap_interval(masks, maps, metric=metric, n_resamples=50)
    assert interval.estimate == pytest.approx(mm.pixel_metrics(masks, maps)[metric])
    assert interval.low < interval.estimate < interval.high


def test_whole_images_are_resampled(pixels):
    masks, maps = pixels(1)
    known = {image.tobytes() for image in maps}
    seen = []

    def spy(truth, scores):
        seen.append({image.tobytes() for image in scores})
        assert truth.shape == scores.shape == maps.shape
        return scores.mean()

    mm.bootstrap_interval(masks, maps, metric=spy, n_resamples=10)
    assert all(images <= known for images in seen)
    assert any(images < known for images in seen)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"metric": "auc"}, r"expected metric to be one of .* got 'auc' \(nearest: 'auroc'\)"),
        ({"method": "bc"}, r"expected method to be one of 'percentile', 'bca', got 'bc'"),
        ({"confidence": 1.0}, r"expected confidence in \(0, 1\), got 1.0"),
        ({"n_resamples": 1}, "expected n_resamples to be a whole number of at least 2, got 1"),
        ({"seed": -1}, "expected seed to be a whole number of at least 0, got -1"),
        ({"seed": None}, "expected seed to be a whole number of at least 0, got None"),
        ({"metric": lambda *_: math.nan}, "expected metric .* to return a finite number, got nan"),
    ],
)
def test_bad_options_are_refused(images, options, message):
    with pytest.raises(ValueError, match=message):
        mm.bootstrap_interval(*images(0), **options)


def test_a_named_metric_takes_its_own_shape(images, pixels):
    with pytest.raises(ValueError, match=r"truth of shape \(N, H, W\), got shape \(200,\)"):
        mm.bootstrap_interval(*images(0), metric="pixel_auroc")
    with pytest.raises(ValueError, match=r"truth of shape \(N,\), got shape \(6, 12, 10\)"):
        mm.bootstrap_interval(*pixels(0), metric="auroc")
    with pytest.raises(ValueError, match=r"shape \(N,\) or \(N, H, W\), got 2 dimensions"):
        mm.bootstrap_interval([[0, 1]], [[1, 2]], metric=lambda y, s: s.mean())


def test_bca_needs_two_images_of_each_class():
    with pytest.raises(ValueError, match="at least 2 normal and 2 abnormal"):
        mm.bootstrap_interval([0, 0, 1], [1, 2, 3], metric=lambda y, s: s.mean(), method="bca")
    with pytest.raises(ValueError, match="at least 2 normal and 2 abnormal"):
        mm.bootstrap_interval([0, 0, 1], [1, 2, 3], method="bca")


def plain_mean(metric):
    return lambda truth, scores: np.mean([mm.image_metrics(truth, s)[metric] for s in scores])


@pytest.mark.parametrize("metric", ["auroc", "ap"])
def test_several_trainings_are_judged_by_their_mean_on_the_same_resamples(images, metric):
    truth, first = images(11)
    trainings = np.stack([first, images(12).scores + truth, first + truth])
    parts = strata(truth)
    each = [resampled(metric, truth, scores, n_resamples=60, seed=4) for scores in trainings]
    mean = mean_of(evaluators(metric, parts, truth, trainings))
    joint = bootstrap_values(parts, [mean], n_resamples=60, seed=4)[0]
    np.testing.assert_allclose(joint, np.mean(each, axis=0), atol=1e-12)
    options = {"metric": metric, "trainings": "fixed", "n_resamples": 60, "seed": 4}
    interval = mm.bootstrap_interval(truth, trainings, **options)
    assert interval.estimate == pytest.approx(plain_mean(metric)(truth, trainings))
    assert interval.low == pytest.approx(np.quantile(joint, 0.025))
    test = mm.compare(truth, trainings, first, **options)
    assert test.estimate_a == pytest.approx(interval.estimate)
    assert test.low == pytest.approx(np.quantile(joint - each[0], 0.025))


def test_one_training_in_an_axis_of_its_own_changes_nothing(images, pixels):
    truth, scores = images(13)
    assert mm.bootstrap_interval(truth, scores[None]) == mm.bootstrap_interval(truth, scores)
    masks, maps = pixels(3)
    options = {"metric": "pixel_ap", "n_resamples": 30}
    alone = mm.bootstrap_interval(masks, maps, **options)
    assert mm.bootstrap_interval(masks, maps[None], **options) == pytest.approx(alone)


def test_trainings_of_other_images_are_refused(images):
    truth, scores = images(14)
    with pytest.raises(ValueError, match=r"scores\[0\]"):
        mm.bootstrap_interval(truth, np.stack([scores, scores])[:, 1:])
