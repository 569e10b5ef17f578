"""Checkpoints of the original project."""

from __future__ import annotations

import mia_ssl
import numpy as np
import pytest
import torch
from sklearn.exceptions import NotFittedError


@pytest.fixture
def checkpoint(original_shapes, golden_weights, tmp_path):
    weights = golden_weights(original_shapes("two-stage"), 101)
    torch.save(weights, tmp_path / "model.tch")
    return tmp_path / "model.tch", weights


def test_weights_are_those_of_the_file(checkpoint, noise):
    path, weights = checkpoint
    detector = mia_ssl.load_medianomaly("cutpaste-2stage", path, in_channels=1, image_size=64)
    state = detector.network.state_dict()
    assert torch.equal(
        state["trunk.layer4.1.conv2.weight"], weights["resnet18.layer4.1.conv2.weight"]
    )
    assert torch.equal(state["out.bias"], weights["out.bias"])
    with pytest.raises(NotFittedError):
        detector.predict(noise(), device="cpu")
    embeddings = detector.embed(noise(), device="cpu")
    scores = detector.fit_density(noise(), device="cpu").predict(noise(), device="cpu").score
    expected = mia_ssl.GaussianDensity().fit(embeddings).score(embeddings)
    np.testing.assert_allclose(scores, expected, rtol=1e-5)


def test_checkpoint_of_another_method_is_refused(checkpoint, tmp_path):
    path, _ = checkpoint
    with pytest.raises(ValueError, match="does not fit cutpaste-3way-2stage"):
        mia_ssl.load_medianomaly("cutpaste-3way-2stage", path)
    with pytest.raises(ValueError, match="no checkpoint of it"):
        mia_ssl.load_medianomaly("resnet18-imagenet", path)
    with pytest.raises(FileNotFoundError):
        mia_ssl.load_medianomaly("anatpaste", tmp_path / "none.tch")
