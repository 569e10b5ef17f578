"""Label-free estimates against the labeled metrics that they estimate."""

import math

import mia_metrics as mm
import numpy as np
import pytest


def test_pseudo_auroc_is_the_auroc_of_train_against_test():
    rng = np.random.default_rng(0)
    train, test = rng.integers(0, 9, 40), rng.integers(2, 12, 30)
    pairs = (test[:, None] > train) + 0.5 * (test[:, None] == train)
    assert mm.pseudo_auroc(train, test) == pytest.approx(pairs.mean(), abs=1e-12)


@pytest.mark.parametrize("share", [0.1, 0.3, 1.0])
def test_correction_is_exact_where_normal_test_images_are_scored_like_the_training_ones(share):
    rng = np.random.default_rng(1)
    train = rng.standard_normal(90)
    abnormal = rng.standard_normal(round(90 * share / (1 - share)) if share < 1 else 50) + 1
    test = np.concatenate((train, abnormal)) if share < 1 else abnormal
    truth = np.concatenate((np.zeros(train.size), np.ones(abnormal.size)))
    expected = mm.auroc(truth, np.concatenate((train, abnormal)))
    found = mm.corrected_auroc(train, test, abnormal_share=abnormal.size / test.size)
    assert found == pytest.approx(expected, abs=1e-12)


def test_correction_is_unbiased_on_new_images():
    rng = np.random.default_rng(2)
    estimates = []
    for _ in range(300):
        test = rng.standard_normal(200) + 1.0 * (np.arange(200) < 60)
        estimates.append(
            mm.corrected_auroc(rng.standard_normal(200), test, abnormal_share=0.3, clip=False)
        )
    true_auroc = 0.5 * math.erfc(-0.5)
    assert np.mean(estimates) == pytest.approx(
        true_auroc, abs=3 * np.std(estimates) / math.sqrt(300)
    )


def test_clip_cuts_an_estimate_that_cannot_be():
    train, test = [1, 2, 3], [4, 5, 6]
    assert mm.corrected_auroc(train, test, abnormal_share=0.5) == 1.0
    assert mm.corrected_auroc(train, test, abnormal_share=0.5, clip=False) == 1.5
    assert mm.corrected_auroc(test, train, abnormal_share=0.5) == 0.0


def test_select_checkpoint_finds_the_best_one_without_labels():
    rng = np.random.default_rng(3)
    truth = np.arange(200) < 60
    gains = [0.2, 1.0, 2.5, 0.8, -1.0]
    train = rng.standard_normal((5, 200))
    test = rng.standard_normal((5, 200)) + np.outer(gains, truth)
    found = mm.select_checkpoint(train, test)
    assert found.chosen == 2
    assert found.chosen == int(np.argmax([mm.auroc(truth, scores) for scores in test]))
    assert found.pseudo_aurocs[1] == mm.pseudo_auroc(train[1], test[1])


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match=r"expected abnormal_share in \(0, 1\], got 0.0"):
        mm.corrected_auroc([1], [2], abnormal_share=0.0)
    with pytest.raises(ValueError, match=r"expected abnormal_share in \(0, 1\], got 1.5"):
        mm.corrected_auroc([1], [2], abnormal_share=1.5)
    with pytest.raises(ValueError, match="expected train_scores to be finite, got inf"):
        mm.pseudo_auroc([math.inf], [2])
    with pytest.raises(ValueError, match="expected test_scores to contain at least one value"):
        mm.pseudo_auroc([1], [])
    with pytest.raises(ValueError, match="same, one or more, checkpoints, got 2 and 1"):
        mm.select_checkpoint([[1], [2]], [[1]])
    with pytest.raises(ValueError, match="same, one or more, checkpoints, got 0 and 0"):
        mm.select_checkpoint([], [])
