"""Optional parts of a detector are used where it has them, and checked."""

from __future__ import annotations

import mia_recon
import numpy as np
import pytest
from mia_bench.detectors.optional import OptionalParts

IMAGES = np.zeros((3, 1, 8, 8), np.uint8)


class Rebuilds:
    """A detector that gives ``values`` as reconstructions."""

    reconstructs = True

    def __init__(self, values):
        self.values = values

    def reconstruct(self, images, *, device):
        return self.values


def test_reconstructions_are_float32_images():
    found = OptionalParts(Rebuilds(np.ones((3, 1, 8, 8)))).reconstruction("cpu")(IMAGES)
    assert found.dtype == np.float32
    assert found.shape == IMAGES.shape


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.ones((3, 8, 8)), r"expected finite reconstructions \(3, 1, 8, 8\), got \(3, 8, 8\)"),
        (np.full((3, 1, 8, 8), np.nan), r"got \(3, 1, 8, 8\) with NaN or infinite values"),
    ],
)
def test_what_is_no_reconstruction_is_refused(values, message):
    with pytest.raises(ValueError, match=message):
        OptionalParts(Rebuilds(values)).reconstruction("cpu")(IMAGES)


def test_a_batch_size_goes_to_detectors_that_take_one():
    takes_one = OptionalParts(mia_recon.build("ae", image_size=32, width=2, hidden=4, latent=2))
    assert takes_one.batch_size(5) == {"batch_size": 5}
    assert takes_one.batch_size(None) == {}

    class TakesNone:
        def predict(self, images, *, device):
            return images

    assert OptionalParts(TakesNone()).batch_size(5) == {}


def test_a_detector_that_rebuilds_nothing_has_no_reconstructions():
    assert OptionalParts(object()).reconstruction("cpu") is None
    features = mia_recon.build(
        "fae-mse", image_size=32, backbone="efficientnet-lite0", depth=1, dropout=0.0
    )
    assert not features.reconstructs
    assert OptionalParts(features).reconstruction("cpu") is None
    images = mia_recon.build("ae", image_size=32, width=2, hidden=4, latent=2)
    assert images.reconstructs
    small = np.zeros((2, 1, 32, 32), np.uint8)
    assert OptionalParts(images).reconstruction("cpu")(small).shape == small.shape
