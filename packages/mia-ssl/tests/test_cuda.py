"""What holds on a GPU alone; tests that run on either device have the fixture ``device``."""

from __future__ import annotations

import warnings

import mia_ssl
import numpy as np
import pytest
import torch

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")

SMALL = {
    "nsa": {"image_size": 64, "batch_size": 4},
    "cutpaste-2stage": {"image_size": 64, "batch_size": 4, "steps_per_epoch": 2},
}


@pytest.fixture(scope="module")
def images():
    """Blocks of random gray, uint8 (8, 1, 64, 64)."""
    coarse = np.random.default_rng(0).integers(30, 220, (8, 1, 8, 8), np.uint8)
    return coarse.repeat(8, axis=2).repeat(8, axis=3)


@pytest.mark.parametrize("name", SMALL)
def test_cuda_scores_as_the_cpu_does(name, images):
    detector = mia_ssl.build(name, **SMALL[name]).fit(images, epochs=2, device="cuda")
    np.testing.assert_allclose(
        detector.predict(images, device="cuda").score,
        detector.predict(images, device="cpu").score,
        rtol=1e-3,
    )


@pytest.mark.parametrize("name", SMALL)
def test_every_kernel_of_a_training_is_repeatable(name, images):
    # PyTorch has a repeatable kernel for all that is used, or it would warn.
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        detector = mia_ssl.build(name, **SMALL[name]).fit(images, epochs=1, device="cuda")
        detector.predict(images, device="cuda")
    assert [w for w in map(str, caught) if "deterministic" in w] == []
