"""Features that the frozen network computes in bfloat16."""

from __future__ import annotations

import mia_ssl
import numpy as np
import pytest
import torch
from mia_ssl._engine.backbones import Backbone
from mia_ssl.features import METHODS
from mia_ssl.features.extract import features_of
from mia_ssl.features.options import FeatureOptions


@pytest.mark.parametrize("name", METHODS)
def test_bfloat16_features_are_rounded_and_saved_as_such(name, small, waves, tmp_path):
    images = waves(8, 1)
    images[4:, :, 20:40, 20:40] = 255
    exact, rounded = (
        small(name, feature_precision=kind).fit(waves(), device="cpu", seed=5)
        for kind in ("float32", "bfloat16")
    )
    expected, found = (each.predict(images, device="cpu").score for each in (exact, rounded))
    assert not np.array_equal(found, expected)
    assert found[4:].min() > found[:4].max()  # as in float32
    assert expected[4:].min() > expected[:4].max()
    np.testing.assert_allclose(np.log(found[4:] / expected[4:]), 0, atol=0.2)
    rounded.save(tmp_path / "model")
    loaded = mia_ssl.load(tmp_path / "model")
    np.testing.assert_array_equal(loaded.predict(images, device="cpu").score, found)
    with pytest.raises(ValueError, match="expected feature_precision='float32'"):
        loaded.scoring_module()


def test_bfloat16_features_are_those_of_the_network_within_its_digits(waves):
    """EfficientNet-Lite0's own: bfloat16 has 8 bits, and errors add up over 50 layers."""
    images = torch.from_numpy(waves(4))
    backbone = Backbone("efficientnet-lite0")
    exact, rounded = (
        features_of(backbone, images, torch.arange(4), FeatureOptions(feature_precision=kind))
        for kind in ("float32", "bfloat16")
    )
    for a, b in zip(exact.stages, rounded.stages, strict=True):
        assert a.dtype == b.dtype == torch.float32
        assert 1e-4 < (a - b).norm() / a.norm() < 0.1
