"""Best Dice by the study's rules: which rule for which family, of which part of the image."""

from __future__ import annotations

from types import SimpleNamespace

import mia_metrics
import numpy as np
import pytest
from mia_bench.execution.study_dice import study_dice


@pytest.fixture
def scored():
    rng = np.random.default_rng(0)
    masks = np.zeros((6, 128, 128), np.uint8)
    masks[3:, 30:60, 40:80] = 1
    masks[3:, :5] = 1  # outside of what one-stage methods score
    maps = (rng.random(masks.shape) + masks).astype(np.float32)
    maps[:, :8] = 0
    return SimpleNamespace(masks=masks), SimpleNamespace(map=maps)


def test_reconstruction_is_the_best_of_200_quantiles(scored):
    test, prediction = scored
    found = study_dice("reconstruction", {}, test, prediction)
    assert found == mia_metrics.best_dice(test.masks, prediction.map, n_thresholds=200)[0]
    assert found < mia_metrics.best_dice(test.masks, prediction.map)[0]


@pytest.mark.parametrize(("options", "side"), [({}, 112), ({"crop": 0.75}, 96)])
def test_one_stage_is_of_the_middle_alone(scored, options, side):
    test, prediction = scored
    start = (128 - side) // 2
    middle = np.s_[:, start : start + side, start : start + side]
    expected = mia_metrics.best_dice_one_stage(test.masks[middle], prediction.map[middle]).value
    assert study_dice("one-stage", options, test, prediction) == expected


def test_there_is_none_without_masks_maps_lesions_or_a_rule(scored):
    test, prediction = scored
    bare = SimpleNamespace(masks=None)
    assert study_dice("one-stage", {}, bare, prediction) is None
    assert study_dice("reconstruction", {}, test, SimpleNamespace(map=None)) is None
    assert study_dice("features", {}, test, prediction) is None
    at_border = np.zeros_like(test.masks)
    at_border[:, :3] = 1
    assert study_dice("one-stage", {}, SimpleNamespace(masks=at_border), prediction) is None
