"""Many against the best: the same numbers as one interval and one test at a time."""

import mia_metrics as mm
import numpy as np
import pytest


@pytest.fixture
def detectors(images):
    truth, good = images(0, gap=1.5)
    rng = np.random.default_rng(1)
    fair = good + rng.normal(0, 1, good.size)
    poor = good + rng.normal(0, 6, good.size)
    return truth, {"poor": poor, "good": good, "fair": fair}


@pytest.mark.parametrize("metric", ["auroc", "ap"])
def test_equals_single_intervals_and_tests(detectors, metric):
    truth, scores = detectors
    found = mm.compare_with_best(truth, scores, metric=metric, n_resamples=300, seed=2)
    assert list(found) == list(scores)
    assert [name for name, each in found.items() if each.is_best] == ["good"]
    options = {"metric": metric, "n_resamples": 300, "seed": 2}
    for name, each in found.items():
        interval = mm.bootstrap_interval(truth, scores[name], **options)
        assert each[:3] == pytest.approx(interval[:3], abs=1e-12)
        test = mm.compare(truth, scores[name], scores["good"], **options)
        assert each.difference == pytest.approx(test.difference, abs=1e-12)
        ends = each.difference_low, each.difference_high
        assert ends == pytest.approx((test.low, test.high), abs=1e-12)
        assert each.p_value == test.p_value
    adjusted = mm.holm([found["poor"].p_value, found["fair"].p_value])
    assert [found["poor"].adjusted, found["fair"].adjusted] == adjusted.tolist()
    assert found["good"].adjusted == 1.0
    assert found["poor"].adjusted < 0.05


def test_lower_can_be_better(detectors):
    truth, scores = detectors
    found = mm.compare_with_best(
        truth, scores, metric="fpr_at_95_tpr", higher_is_better=False, n_resamples=50
    )
    best = min(scores, key=lambda name: mm.image_metrics(truth, scores[name])["fpr_at_95_tpr"])
    assert found[best].is_best
    assert all(each.difference >= 0 for each in found.values())


def test_one_detector_alone_is_the_best(detectors):
    truth, scores = detectors
    found = mm.compare_with_best(truth, {"poor": scores["poor"]}, n_resamples=20)["poor"]
    assert (found.is_best, found.difference, found.adjusted) == (True, 0.0, 1.0)


def test_no_detector_is_refused(detectors):
    with pytest.raises(ValueError, match="at least 1 detector"):
        mm.compare_with_best(detectors[0], {})


def test_a_wrong_length_names_the_detector(detectors):
    truth, scores = detectors
    with pytest.raises(ValueError, match=r"scores\['fair'\]"):
        mm.compare_with_best(truth, {**scores, "fair": scores["fair"][1:]})
