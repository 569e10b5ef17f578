"""A detector's scoring module gives the scores of ``predict``, with every kind of map."""

from __future__ import annotations

import mia_ssl
import numpy as np
import pytest
import torch
from sklearn.exceptions import NotFittedError

CASES = {
    "nsa": {},
    "nsa-shift-raw-intensity": {"crop": 0.6},
    "cutpaste-2stage": {"with_map": True},
    "cutpaste-3way-2stage": {"density": "classifier"},
    "gaussian-features": {"smoothing": 2.0},
    "padim": {},
    "patchcore": {},
    "synthetic-lesions": {"steps": 2},
}


@pytest.fixture(scope="module")
def images():
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (8, 1, 64, 64), np.uint8) // 2 + np.arange(64, dtype=np.uint8)


@pytest.mark.parametrize("name", CASES)
def test_the_module_gives_the_scores_of_predict(name, images):
    detector = mia_ssl.build(name, image_size=64, batch_size=4, **_one_step(name), **CASES[name])
    detector.fit(images, epochs=1 if name == "synthetic-lesions" else 0, device="cpu")
    if name.endswith("2stage") and detector.options.density != "classifier":
        detector.fit_density(images, device="cpu")
    module = detector.scoring_module()
    assert not module.training
    expected = detector.predict(images[:3], device="cpu")
    with torch.no_grad():
        score, pixels = module(torch.from_numpy(images[:3]))
    np.testing.assert_allclose(score.numpy(), expected.score, rtol=1e-5)
    assert (pixels is None) == (expected.map is None)
    if pixels is not None:
        np.testing.assert_allclose(pixels.numpy(), expected.map, rtol=1e-4, atol=1e-6)


def test_frozen_networks_are_named_with_their_hash(images):
    module = mia_ssl.build("subspace", image_size=64).fit(images, device="cpu").scoring_module()
    ((name, digest),) = module.backbones.items()
    assert name == "efficientnet-lite0"
    assert len(bytes.fromhex(digest)) == 32


def test_before_fit_there_is_none():
    for name in ("gaussian-features", "cutpaste-2stage"):
        with pytest.raises(NotFittedError, match="call fit"):
            mia_ssl.build(name, image_size=64).scoring_module()


def _one_step(name: str) -> dict[str, int]:
    return {"steps_per_epoch": 1} if name.endswith("2stage") else {}
