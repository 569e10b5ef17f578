"""Quantiles and thresholds against counting; measured in chunks as all at once."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from mia_bench import RunsFailedError, StudyError
from mia_bench.inference import normal_scores
from mia_bench.inference.normal_scores import NormalScores, Origin, measure_normal_scores


def make(count, *, origin=Origin.TRAINING, seed=0):
    scores = np.random.default_rng(seed).normal(size=count).astype(np.float32)
    return NormalScores(origin=origin, scores=np.sort(scores))


def test_a_quantile_is_the_share_that_scores_no_higher():
    normal = NormalScores(origin=Origin.TRAINING, scores=np.array([1, 2, 2, 3], np.float32))
    scores = np.array([0.5, 1, 2, 2.5, 3, 9], np.float32)
    expected = [np.mean(normal.scores <= score) for score in scores]
    np.testing.assert_array_equal(normal.quantile(scores), expected)


@pytest.mark.parametrize("fpr", [0.01, 0.05, 0.1, 0.5, 0.99])
def test_no_more_than_the_chosen_share_of_the_normals_is_flagged(fpr):
    normal = make(200)
    flagged = (normal.scores >= normal.threshold(fpr)).mean()
    assert flagged <= fpr
    assert flagged >= fpr - 1 / 200


def test_held_out_images_keep_the_rate_on_new_ones():
    # Over many calibration sets, new normal images are flagged at most at the chosen rate.
    new = np.random.default_rng(1).normal(size=2000)
    thresholds = [make(39, origin=Origin.HELD_OUT, seed=seed).threshold(0.1) for seed in range(300)]
    rates = [(new >= threshold).mean() for threshold in thresholds]
    assert 0.08 < np.mean(rates) < 0.105


@pytest.mark.parametrize("fpr", [0, 1, -0.1, float("nan")])
def test_a_rate_is_between_0_and_1(fpr):
    with pytest.raises(StudyError, match="between 0 and 1"):
        make(10).threshold(fpr)


class Brightness:
    """A detector whose score is the mean and whose map is the image."""

    def predict(self, images, *, device):
        heat = images[:, 0].astype(np.float32)
        return SimpleNamespace(score=heat.mean((1, 2)), map=heat)


@pytest.fixture
def images():
    return np.random.default_rng(0).integers(0, 256, (37, 1, 8, 8), dtype=np.uint8)


def test_chunks_measure_the_same_as_all_at_once(images, monkeypatch):
    whole = measure_normal_scores(Brightness(), images, origin=Origin.TRAINING, device="cpu")
    monkeypatch.setattr(normal_scores, "CHUNK", 5)
    parts = measure_normal_scores(Brightness(), images, origin=Origin.TRAINING, device="cpu")
    np.testing.assert_array_equal(parts.scores, np.sort(images.mean((1, 2, 3), np.float32)))
    np.testing.assert_array_equal(parts.scores, whole.scores)
    assert parts.pixels == whole.pixels
    assert whole.pixels[0.5] == np.quantile(images, 0.5)


def test_pixels_beyond_the_limit_come_from_evenly_spread_images(images, monkeypatch):
    monkeypatch.setattr(normal_scores, "CHUNK", 5)
    monkeypatch.setattr(normal_scores, "MAX_PIXELS", 10 * 64)
    found = measure_normal_scores(Brightness(), images, origin=Origin.TRAINING, device="cpu")
    for level, value in found.pixels.items():
        assert value == np.quantile(images[::4].astype(np.float32), level)
    assert len(found.scores) == 37


def test_scores_that_are_not_finite_are_refused(images):
    class Broken(Brightness):
        def predict(self, images, *, device):
            found = super().predict(images, device=device)
            found.score[3] = np.nan
            return found

    with pytest.raises(RunsFailedError, match="finite scores"):
        measure_normal_scores(Broken(), images, origin=Origin.TRAINING, device="cpu")
