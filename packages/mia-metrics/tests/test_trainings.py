"""Intervals and tests of several trainings hold what other trainings would change."""

import math

import mia_metrics as mm
import numpy as np
import pytest

CONFIDENCE, LEVEL = 0.9, 0.1


@pytest.fixture
def study():
    """Make the scores of `count` trainings, (S, N), that differ in how far they part the classes.

    Training s scores a normal image N(0, 1) and an abnormal one N(g, 1), where g is N(1.2, 0.4) and
    the same images are easy or hard for all trainings.
    """
    truth = np.arange(160) >= 80

    def make(rng: np.random.Generator, count: int, images: np.ndarray) -> np.ndarray:
        gaps = rng.normal(1.2, 0.4, (count, 1))
        own = rng.standard_normal((count, truth.size))
        return np.sqrt(0.5) * (images + own) + gaps * truth

    return truth, make


def expected_auroc():
    """The mean over all trainings and images of `study`: the chance that N(g, 2) is above 0."""
    return 0.5 * math.erfc(-1.2 / math.sqrt(2 + 0.4**2) / math.sqrt(2))


@pytest.mark.parametrize("count", [2, 3, 10])
def test_without_variation_of_the_images_the_interval_is_that_of_the_seeds(count):
    values = np.random.default_rng(count).normal(0.8, 0.02, count)
    truth = np.arange(20) >= 10
    scores = np.repeat(values[:, None], truth.size, axis=1)
    interval = mm.bootstrap_interval(
        truth, scores, metric=lambda _, scores: scores[0], n_resamples=100_000 // count
    )
    summary = mm.summarize_seeds(values)
    assert interval[:3] == pytest.approx(summary[:1] + summary[2:4], rel=1e-3)


def test_the_variances_of_images_and_of_trainings_add_up(study):
    truth, make = study
    rng = np.random.default_rng(0)
    scores = make(rng, 40, rng.standard_normal(truth.size))
    half = {
        trainings: (lambda i: (i.high - i.low) / 2)(
            mm.bootstrap_interval(truth, scores, trainings=trainings, n_resamples=4000)
        )
        for trainings in ("random", "fixed")
    }
    summary = mm.summarize_seeds([mm.auroc(truth, each) for each in scores])
    seeds = (summary.high - summary.low) / 2
    assert half["random"] ** 2 == pytest.approx(half["fixed"] ** 2 + seeds**2, rel=0.08)


@pytest.mark.parametrize("count", [3, 5])
def test_coverage_by_simulation(study, count):
    truth, make = study
    rng = np.random.default_rng(count)
    covered = {"random": 0, "fixed": 0}
    for seed in range(400):
        scores = make(rng, count, rng.standard_normal(truth.size))
        for trainings in covered:
            interval = mm.bootstrap_interval(
                truth,
                scores,
                trainings=trainings,
                confidence=CONFIDENCE,
                n_resamples=200,
                seed=seed,
            )
            covered[trainings] += interval.low <= expected_auroc() <= interval.high
    assert CONFIDENCE - 0.03 <= covered["random"] / 400 <= 0.97
    assert covered["fixed"] / 400 < CONFIDENCE - 0.1


def test_detectors_that_differ_by_the_luck_of_their_seeds_are_told_apart_as_rarely_as_asked(study):
    truth, make = study
    rng = np.random.default_rng(1)
    rejected = {"random": 0, "fixed": 0}
    for seed in range(300):
        images = rng.standard_normal(truth.size)
        a, b = make(rng, 3, images), make(rng, 3, images)
        for trainings in rejected:
            p = mm.compare(truth, a, b, trainings=trainings, n_resamples=200, seed=seed).p_value
            rejected[trainings] += p <= LEVEL
    assert rejected["random"] / 300 <= LEVEL + 0.03
    assert rejected["fixed"] / 300 > 3 * LEVEL


def test_a_difference_beyond_the_seeds_is_found(study):
    truth, make = study
    rng = np.random.default_rng(2)
    images = rng.standard_normal(truth.size)
    good, poor = make(rng, 5, images) + truth, make(rng, 5, images) - truth
    test = mm.compare(truth, good, poor)
    assert test.p_value < 0.01
    assert 0 < test.low < test.difference < test.high


def test_many_against_the_best_are_the_same_intervals_and_tests(study):
    truth, make = study
    rng = np.random.default_rng(3)
    images = rng.standard_normal(truth.size)
    scores = {"good": make(rng, 4, images) + truth, "poor": make(rng, 3, images)}
    options = {"n_resamples": 300, "seed": 5}
    found = mm.compare_with_best(truth, scores, **options)
    for name, each in found.items():
        interval = mm.bootstrap_interval(truth, scores[name], **options)
        assert each[:3] == pytest.approx(interval[:3])
    test = mm.compare(truth, scores["poor"], scores["good"], **options)
    ends = found["poor"].difference_low, found["poor"].difference_high
    assert ends == pytest.approx((test.low, test.high))
    assert found["poor"].p_value == test.p_value
    assert mm.compare_with_best(truth, dict(reversed(scores.items())), **options) == found


def test_many_detectors_lend_each_other_what_their_seeds_say(study):
    """Three seeds of one detector say little; of ten detectors they tell a clear difference."""
    truth, make = study
    rng = np.random.default_rng(8)
    covered, found = 0, 0
    for seed in range(40):
        images = rng.standard_normal(truth.size)
        scores = {str(i): make(rng, 3, images) for i in range(9)}
        scores["poor"] = make(rng, 3, images) - 1.2 * truth
        result = mm.compare_with_best(truth, scores, seed=seed)
        found += result["poor"].adjusted < 0.05
        covered += sum(
            result[str(i)].low <= expected_auroc() <= result[str(i)].high for i in range(9)
        )
    assert found >= 36
    assert covered / (40 * 9) > 0.91


def test_a_detector_does_not_differ_from_itself(study):
    truth, make = study
    rng = np.random.default_rng(7)
    scores = make(rng, 3, rng.standard_normal(truth.size))
    test = mm.compare(truth, scores, scores)
    assert (test.difference, test.low, test.high, test.p_value) == (0.0, 0.0, 0.0, 1.0)


def test_one_training_tells_nothing_of_others(study):
    truth, make = study
    rng = np.random.default_rng(4)
    scores = make(rng, 1, rng.standard_normal(truth.size))
    assert mm.bootstrap_interval(truth, scores) == mm.bootstrap_interval(
        truth, scores, trainings="fixed"
    )


def test_an_interval_does_not_leave_the_range_of_its_metric(study):
    truth, make = study
    rng = np.random.default_rng(5)
    scores = make(rng, 2, rng.standard_normal(truth.size)) * [[1], [-1]]
    interval = mm.bootstrap_interval(truth, scores)
    assert (interval.low, interval.high) == (0.0, 1.0)
    test = mm.compare(truth, scores, -scores)
    assert (test.low, test.high) == (-1.0, 1.0)


def test_what_cannot_be_is_refused(study):
    truth, make = study
    rng = np.random.default_rng(6)
    scores = make(rng, 2, rng.standard_normal(truth.size))
    with pytest.raises(ValueError, match="trainings 'fixed' for 2 trainings"):
        mm.bootstrap_interval(truth, scores, method="bca")
    assert mm.bootstrap_interval(truth, scores, method="bca", trainings="fixed").low > 0.5
    for call in (
        lambda: mm.bootstrap_interval(truth, scores, trainings="all"),
        lambda: mm.compare(truth, scores, scores, trainings="all"),
        lambda: mm.compare_with_best(truth, {"a": scores}, trainings="all"),
    ):
        with pytest.raises(ValueError, match=r"trainings.*random.*fixed"):
            call()
