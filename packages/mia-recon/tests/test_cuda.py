"""The same on a GPU as on a CPU; tests that run on either have the fixture ``device``."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import torch
from mia_recon.registry import RECORDS

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")


@pytest.mark.parametrize("name", list(RECORDS))
def test_cuda_scores_as_the_cpu_does(name, small, images):
    detector = small(name).fit(images, epochs=2, device="cuda")
    np.testing.assert_allclose(
        detector.predict(images, device="cuda").score,
        detector.predict(images, device="cpu").score,
        rtol=1e-3,
    )


def test_tensors_on_the_gpu_and_arrays_backwards_are_scored(small, images):
    detector = small("ae")
    expected = detector.predict(images, device="cuda").score
    there = torch.from_numpy(images).cuda()
    for device in ("cuda", "cpu"):
        np.testing.assert_allclose(
            detector.predict(there, device=device).score, expected, rtol=1e-3
        )
    backwards = detector.predict(images[::-1], device="cuda").score
    np.testing.assert_array_equal(backwards[::-1], expected)


@pytest.mark.parametrize(("trained", "predicted"), [("cuda", "cpu"), ("cpu", "cuda")])
def test_predicting_elsewhere_while_training_does_not_change_it(
    trained, predicted, small, images, snapshot, same
):
    watched, alone = small("ae"), small("ae")
    watched.fit(
        images,
        epochs=2,
        device=trained,
        on_epoch=lambda epoch: watched.predict(images, device=predicted),
    )
    alone.fit(images, epochs=2, device=trained)
    assert same(snapshot(watched), snapshot(alone))


@pytest.mark.parametrize("name", list(RECORDS))
def test_every_kernel_of_a_training_is_repeatable(name, small, images):
    # PyTorch has a repeatable kernel for all that is used, or it would warn.
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        detector = small(name).fit(images, epochs=1, device="cuda")
        detector.predict(images, device="cuda")
    assert [w for w in map(str, caught) if "deterministic" in w] == []
