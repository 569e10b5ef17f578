"""The detector keeps the contract, and tells rings with a gap from whole ones."""

import mia_data
import numpy as np
from mia_bench.testing import parametrize_with_rules
from mia_example import pca


@parametrize_with_rules(lambda: pca.build("example-pca", components=3), trains=False)
def test_the_detector_keeps_the_contract(rule):
    rule()


def test_rings_with_a_gap_score_higher():
    train, test = (mia_data.load("example-rings", split, size=32) for split in ("train", "test"))
    scores = pca.build("example-pca").fit(train.images).predict(test.images).score
    normal, abnormal = scores[test.labels == 0], scores[test.labels == 1]
    assert np.median(abnormal) > np.quantile(normal, 0.9)
