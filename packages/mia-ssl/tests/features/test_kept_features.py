"""Features of the normal images are computed once where they fit into the memory."""

from __future__ import annotations

import numpy as np
import pytest
from mia_ssl.features.extract import features_of


@pytest.mark.parametrize(("name", "first"), [("gaussian-features", 0), ("nearest-features", 16)])
def test_a_fit_computes_features_once_where_they_fit_into_half_of_the_memory(
    name, first, small, waves, monkeypatch
):
    """nearest-features looks at one batch first, to know the size of its bank."""
    images, seen = waves(24), []
    all_of_them = 24 * 4 * (8 * 16 * 16 + 10 * 8 * 8) / 1e9  # GB

    def counted(backbone, some, *rest):
        seen.append(len(some))
        return features_of(backbone, some, *rest)

    monkeypatch.setattr("mia_ssl.features.extract.features_of", counted)
    results = []
    for memory, passes in ((2.01 * all_of_them, 1), (1.99 * all_of_them, 2)):
        seen.clear()
        bank = {"bank": 20} if name == "nearest-features" else {}
        detector = small(name, memory=memory, **bank).fit(images, device="cpu")
        assert sum(seen) == first + passes * len(images)
        results.append(detector.predict(images, device="cpu"))
        assert sum(seen) == first + (passes + 1) * len(images)  # nothing is left of the fit
    np.testing.assert_array_equal(results[0].score, results[1].score)


def test_features_of_other_orientations_are_not_taken_for_those_that_are_scored(small, waves):
    images = waves(24)
    kept, computed = (
        small("subspace", orientations="mirrored", memory=memory).fit(images, device="cpu")
        for memory in (1.0, 5e-5)
    )
    assert kept.score_quantiles == computed.score_quantiles
