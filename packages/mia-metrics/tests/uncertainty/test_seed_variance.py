"""Intervals and tests of several training runs cover other training runs."""

import math

import mia_metrics as mm
import numpy as np
import pytest
from mia_metrics.uncertainty.seed_variance import resample_detectors
from scipy import stats

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


def welch_degrees(count_a, error_a, count_b, error_b):
    return (error_a**2 + error_b**2) ** 2 / (
        error_a**4 / (count_a - 1) + error_b**4 / (count_b - 1)
    )


@pytest.mark.parametrize("counts", [(2, 2), (3, 3), (3, 7), (10, 4)])
def test_without_variation_of_the_images_the_test_is_welchs(counts):
    rng = np.random.default_rng(sum(counts))
    a, b = (rng.normal(0.8 + 0.02 * i, 0.01 + 0.02 * i, n) for i, n in enumerate(counts))
    truth = np.arange(20) >= 10
    found = mm.compare(
        truth,
        *(np.repeat(values[:, None], truth.size, axis=1) for values in (a, b)),
        metric=lambda _, scores: scores[0],
        n_resamples=20_000,
    )
    assert found.p_value == pytest.approx(stats.ttest_ind(a, b, equal_var=False)[1], abs=2e-4)
    errors = stats.sem(a), stats.sem(b)
    degrees = welch_degrees(len(a), errors[0], len(b), errors[1])
    low, high = stats.t(degrees, a.mean() - b.mean(), math.hypot(*errors)).interval(0.95)
    assert (found.low, found.high) == pytest.approx((low, high), abs=1e-3 * (high - low))


def test_resampled_means_are_those_of_a_plain_loop(study):
    truth, make = study
    rng = np.random.default_rng(9)
    images = rng.standard_normal(truth.size)
    a, b = make(rng, 3, images), make(rng, 5, images)
    normal, abnormal = np.flatnonzero(~truth), np.flatnonzero(truth)

    def plain_auroc(scores, chosen_normal, chosen_abnormal):
        return (scores[chosen_abnormal][:, None] > scores[chosen_normal]).mean()

    errors = [stats.sem([plain_auroc(x, normal, abnormal) for x in scores]) for scores in (a, b)]
    degrees = welch_degrees(len(a), errors[0], len(b), errors[1])
    rows = []
    for _ in range(2000):
        drawn = rng.choice(normal, normal.size), rng.choice(abnormal, abnormal.size)
        own, other = (np.mean([plain_auroc(x, *drawn) for x in s]) for s in (a, b))
        moved = own + errors[0] * rng.standard_t(2), other + errors[1] * rng.standard_t(4)
        rows.append((*moved, own - other + math.hypot(*errors) * rng.standard_t(degrees)))
    found = resample_detectors("auroc", truth, [a, b], trainings="random", n_resamples=8000, seed=1)
    for loop, ours in zip(
        np.transpose(rows), (*found.values(), found.differences(1)[0]), strict=True
    ):
        assert stats.ks_2samp(loop, ours).pvalue > 0.01


@pytest.mark.parametrize("count", [5, 12])
def test_the_variance_of_resampled_means_is_that_of_images_and_of_trainings(study, count):
    truth, make = study
    rng = np.random.default_rng(count)
    scores = make(rng, count, rng.standard_normal(truth.size))
    options = {"n_resamples": 40_000, "seed": 2}
    fixed, random = (
        resample_detectors("auroc", truth, [scores], trainings=trainings, **options).values()
        for trainings in ("fixed", "random")
    )
    of_the_mean = np.var([mm.auroc(truth, each) for each in scores], ddof=1) / count
    # Student's t of f degrees of freedom has the variance f / (f - 2).
    widened = of_the_mean * (count - 1) / (count - 3)
    assert random.var() == pytest.approx(fixed.var() + widened, rel=0.03)
    assert random.mean() == pytest.approx(fixed.mean(), abs=1e-9)


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


@pytest.mark.parametrize("count", [3, 5])
def test_detectors_that_differ_by_the_luck_of_their_seeds_are_told_apart_as_rarely_as_asked(
    study, count
):
    truth, make = study
    rng = np.random.default_rng(count)
    rejected, covered = {"random": 0, "fixed": 0}, 0
    for seed in range(300):
        images = rng.standard_normal(truth.size)
        a, b = make(rng, count, images), make(rng, count, images)
        for trainings in rejected:
            test = mm.compare(
                truth,
                a,
                b,
                trainings=trainings,
                confidence=1 - LEVEL,
                n_resamples=200,
                seed=seed,
            )
            rejected[trainings] += test.p_value <= LEVEL
            covered += trainings == "random" and test.low <= 0.0 <= test.high
    assert LEVEL / 4 <= rejected["random"] / 300 <= LEVEL + 0.03
    assert 1 - LEVEL - 0.03 <= covered / 300 <= 1 - LEVEL / 4
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
    covered, found, alone = 0, 0, 0
    for seed in range(40):
        images = rng.standard_normal(truth.size)
        scores = {str(i): make(rng, 3, images) for i in range(9)}
        scores["poor"] = make(rng, 3, images) - 1.2 * truth
        result = mm.compare_with_best(truth, scores, seed=seed)
        found += result["poor"].adjusted < 0.05
        best = next(name for name, each in result.items() if each.is_best)
        alone += mm.compare(truth, scores["poor"], scores[best], seed=seed).p_value < 0.05 / 9
        covered += sum(
            result[str(i)].low <= expected_auroc() <= result[str(i)].high for i in range(9)
        )
    assert found >= 32
    assert alone <= found / 2
    assert covered / (40 * 9) > 0.91


def test_a_detector_does_not_differ_from_itself(study):
    truth, make = study
    rng = np.random.default_rng(7)
    scores = make(rng, 3, rng.standard_normal(truth.size))
    for same in (scores, 3 * scores + 1, scores[::-1]):
        test = mm.compare(truth, scores, same)
        assert test[2:5] == pytest.approx((0, 0, 0), abs=1e-9)
        assert test.p_value == 1.0


def test_a_difference_mirrors_its_opposite(study):
    truth, make = study
    rng = np.random.default_rng(10)
    images = rng.standard_normal(truth.size)
    a, b = make(rng, 3, images), make(rng, 4, images)
    forth, back = mm.compare(truth, a, b), mm.compare(truth, b, a)
    assert (forth.difference, forth.low, forth.high) == pytest.approx(
        (-back.difference, -back.high, -back.low)
    )
    assert forth.p_value == back.p_value
    # The same whichever of the two is the better.
    assert forth.p_value == mm.compare(truth, -b, -a).p_value


def test_one_training_beside_several_has_no_spread_of_its_own(study):
    """What is known of the seeds is that of the other, so the test is no Welch's."""
    values = np.array([0.7, 0.75, 0.72])
    truth = np.arange(20) >= 10
    several, one = (np.repeat(v[:, None], truth.size, axis=1) for v in (values, np.array([0.8])))
    found = mm.compare(truth, several, one, metric=lambda _, scores: scores[0], n_resamples=20_000)
    expected = stats.ttest_1samp(values, 0.8)
    assert found.p_value == pytest.approx(expected.pvalue, abs=2e-4)
    low, high = np.array(expected.confidence_interval(0.95)) - 0.8
    assert (found.low, found.high) == pytest.approx((low, high), abs=1e-3 * (high - low))


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
    with pytest.raises(ValueError, match="trainings 'fixed' for 2 training runs"):
        mm.bootstrap_interval(truth, scores, method="bca")
    assert mm.bootstrap_interval(truth, scores, method="bca", trainings="fixed").low > 0.5
    for call in (
        lambda: mm.bootstrap_interval(truth, scores, trainings="all"),
        lambda: mm.compare(truth, scores, scores, trainings="all"),
        lambda: mm.compare_with_best(truth, {"a": scores}, trainings="all"),
    ):
        with pytest.raises(ValueError, match=r"trainings.*random.*fixed"):
            call()
