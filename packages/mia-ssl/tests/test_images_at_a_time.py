"""A CPU scores large images a few at a time, whatever the family; other devices more."""

from __future__ import annotations

import mia_ssl
import numpy as np
import pytest
import torch

# Cheap settings of a method of each family that scores with a network of its own.
METHODS = {
    "nsa": {},
    "cutpaste-2stage": {},
    "panda": {"backbone": "efficientnet-lite0"},
}


@pytest.fixture(scope="module", params=METHODS)
def fitted(request, discs):
    """A detector of each family, fitted to ten small images."""
    settings = {"image_size": 64, "epochs": 1, "batch_size": 4, **METHODS[request.param]}
    if request.param == "cutpaste-2stage":
        settings |= {"steps_per_epoch": 1}
    detector = mia_ssl.build(request.param, **settings)
    return detector.fit(discs(10, size=64), seed=0, device="cpu")


@pytest.fixture
def counts(fitted):
    """Number of images of each call of the network."""
    calls = []
    hook = fitted.network.register_forward_hook(lambda _, args, __: calls.append(len(args[0])))
    yield calls
    hook.remove()


def test_a_cpu_takes_as_many_as_its_pixels_allow(fitted, counts, discs, monkeypatch):
    images = discs(8, size=64)
    whole = fitted.predict(images, device="cpu").score
    assert counts == [8]
    counts.clear()
    monkeypatch.setattr(fitted, "cpu_score_pixels", 3 * 64**2)
    few = fitted.predict(images, device="cpu").score
    assert counts == [3, 3, 2]
    np.testing.assert_allclose(few, whole, rtol=1e-3)
    counts.clear()
    fitted.predict(images, batch_size=5, device="cpu")
    assert counts == [5, 3]


def test_large_images_go_four_at_a_time_on_a_cpu_alone(fitted, monkeypatch):
    monkeypatch.setattr(fitted, "image_size", 224)
    assert fitted._batch_on(torch.device("cpu")) == 4
    assert fitted._batch_on(torch.device("cuda")) == 64
    monkeypatch.setattr(fitted, "image_size", 1024)
    assert fitted._batch_on(torch.device("cpu")) == 1
