"""The cost of a method, with times that are given instead of measured."""

from __future__ import annotations

import pytest
from mia_bench.study import sample_timing
from mia_bench.study.plan import plan
from mia_bench.study.study import DatasetEntry, MethodEntry, Study

SCORE = 0.01  # seconds of an image


@pytest.fixture
def cost(monkeypatch):
    """(method, fixed, per_image, epochs) -> what is found of such seconds of a fit."""

    def find(method: str, fixed: float, per_image: float, epochs: int) -> sample_timing.SampleCost:
        def fit(detector, run, count, device, epochs):
            return fixed + count * per_image

        monkeypatch.setattr(sample_timing, "_fit_seconds", fit)
        monkeypatch.setattr(
            sample_timing, "_predict_seconds", lambda detector, run, count, device: count * SCORE
        )
        options = {"width": 4, "latent": 4} if method == "ae" else {}
        entry = MethodEntry(label=method, method=method, epochs=epochs, options=options)
        study = Study(
            name="test",
            datasets=(DatasetEntry(name="phantom"),),
            methods=(entry,),
            seeds=(0,),
        )
        (run,) = plan(study)
        found = sample_timing.time_on_sample(run, "cpu")
        assert found is not None
        return found

    return find


@pytest.mark.parametrize("fixed", [0.0, 2.0, 45.0])  # the last is too long to be repeated
def test_of_few_epochs_what_does_not_grow_with_the_images_is_told_apart(cost, fixed):
    found = cost("ae", fixed, 0.06, epochs=2)
    seconds = found.fit.of(1000) + 2 * found.epoch.of(1000)
    assert seconds == pytest.approx(fixed + 60, rel=1e-6)


def test_an_image_takes_at_least_as_long_as_its_scores(cost):
    found = cost("ae", 45.0, 0.0, epochs=2)  # as if the second time were no longer than the first
    assert found.fit.per_image == pytest.approx(3 * SCORE)
    assert found.fit.of(8) == pytest.approx(45.0)


def test_of_many_epochs_one_is_timed(cost):
    found = cost("ae", 0.0, 0.06, epochs=250)
    assert found.epoch.of(1000) == pytest.approx(60)
    assert found.fit.of(1000) == pytest.approx(1000 * SCORE)  # the scores of the training images
