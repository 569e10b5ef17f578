"""Curves against scikit-learn's, point by point."""

import mia_metrics as mm
import numpy as np
import pytest
from sklearn import metrics as oracle


@pytest.mark.parametrize("levels", [1, 3, 25, None])
@pytest.mark.parametrize("seed", range(4))
def test_roc_curve_equals_scikit_learn(images, seed, levels):
    truth, scores = images(seed, levels=levels)
    curve = mm.roc_curve(truth, scores)
    fpr, tpr, thresholds = oracle.roc_curve(truth, scores, drop_intermediate=False)
    np.testing.assert_allclose(curve.fpr, fpr, atol=1e-12)
    np.testing.assert_allclose(curve.tpr, tpr, atol=1e-12)
    np.testing.assert_array_equal(curve.thresholds[1:], thresholds[1:])
    assert curve.thresholds[0] == np.inf
    assert np.sum(np.diff(curve.fpr) * (curve.tpr[1:] + curve.tpr[:-1]) / 2) == pytest.approx(
        mm.auroc(truth, scores), abs=1e-12
    )


@pytest.mark.parametrize("levels", [1, 3, 25, None])
@pytest.mark.parametrize("seed", range(4))
def test_pr_curve_equals_scikit_learn_without_its_added_point(images, seed, levels):
    truth, scores = images(seed, levels=levels)
    curve = mm.pr_curve(truth, scores)
    precision, recall, thresholds = oracle.precision_recall_curve(truth, scores)
    np.testing.assert_allclose(curve.precision, precision[-2::-1], atol=1e-12)
    np.testing.assert_allclose(curve.recall, recall[-2::-1], atol=1e-12)
    np.testing.assert_array_equal(curve.thresholds, thresholds[::-1])
    steps = np.diff(curve.recall, prepend=0.0)
    expected = mm.average_precision(truth, scores)
    assert np.sum(steps * curve.precision) == pytest.approx(expected, abs=1e-12)


def test_float32_scores_keep_their_type_in_the_thresholds(images):
    truth, scores = images(0)
    assert mm.roc_curve(truth, scores.astype(np.float32)).thresholds.dtype == np.float32
