"""Properties for any data: monotone transforms, permutations, and the flip of labels."""

import mia_metrics as mm
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

# Small whole numbers make many ties, and every transform below keeps them apart exactly.
ENTRIES = st.lists(st.tuples(st.booleans(), st.integers(-20, 20)), min_size=2, max_size=40).filter(
    lambda entries: len({label for label, _ in entries}) == 2
)
RANKED = ("auroc", "ap", "f1_max", "fpr_at_95_tpr", "sensitivity_at_95_specificity")


def split(entries):
    labels, scores = zip(*entries, strict=True)
    return np.array(labels), np.array(scores, float)


def stacked(entries):
    """Put the entries into a stack of two images; what is left of it is normal and low."""
    labels, scores = split(entries)
    masks, maps = np.zeros((2, 3, 7), bool), np.full((2, 3, 7), -30.0)
    masks.ravel()[: labels.size], maps.ravel()[: scores.size] = labels, scores
    return masks, maps


@given(ENTRIES)
def test_image_metrics_keep_under_rising_transforms(entries):
    labels, scores = split(entries)
    expected = mm.image_metrics(labels, scores)
    for transform in (lambda s: 3 * s + 7, lambda s: s**3, np.exp, lambda s: s.astype(np.float32)):
        found = mm.image_metrics(labels, transform(scores))
        assert [found[name] for name in RANKED] == [expected[name] for name in RANKED]


@given(ENTRIES, st.randoms())
def test_image_metrics_keep_under_permutation(entries, random):
    shuffled = list(entries)
    random.shuffle(shuffled)
    assert mm.image_metrics(*split(shuffled)) == mm.image_metrics(*split(entries))


@given(ENTRIES)
def test_auroc_is_symmetric_under_the_flip_of_labels_or_of_scores(entries):
    labels, scores = split(entries)
    expected = 1 - mm.auroc(labels, scores)
    assert mm.auroc(~labels, scores) == pytest.approx(expected, abs=1e-12)
    assert mm.auroc(labels, -scores) == pytest.approx(expected, abs=1e-12)


@given(ENTRIES)
def test_values_lie_in_the_unit_range_and_f1_is_at_least_calling_all(entries):
    labels, scores = split(entries)
    metrics = mm.image_metrics(labels, scores)
    assert all(0 <= metrics[name] <= 1 for name in RANKED)
    share = labels.mean()
    assert metrics["f1_max"] >= 2 * share / (1 + share) - 1e-12


@given(ENTRIES)
def test_pixel_metrics_keep_under_rising_transforms_and_order_of_images(entries):
    masks, maps = stacked(entries)
    expected = mm.pixel_metrics(masks, maps)
    threshold = expected.pop("best_threshold")
    cubed = mm.pixel_metrics(masks[::-1], maps[::-1] ** 3)
    assert cubed.pop("best_threshold") == threshold**3
    assert cubed == pytest.approx(expected, abs=1e-12)


@given(ENTRIES)
def test_pixel_metrics_are_the_image_metrics_of_the_pixels(entries):
    masks, maps = stacked(entries)
    pixels, images = mm.pixel_metrics(masks, maps), mm.image_metrics(masks.ravel(), maps.ravel())
    assert pixels["pixel_auroc"] == images["auroc"]
    assert pixels["pixel_ap"] == images["ap"]
    assert (pixels["best_dice"], pixels["best_threshold"]) == (
        images["f1_max"],
        images["f1_max_threshold"],
    )


@given(ENTRIES)
def test_mirrored_and_turned_images_have_the_same_regions(entries):
    masks, maps = stacked(entries)
    expected = mm.aupro(masks, maps), mm.froc(masks, maps).score(), mm.froc(masks, maps).lesions
    for turn in (lambda a: a[:, ::-1], lambda a: a[:, :, ::-1], lambda a: a.transpose(0, 2, 1)):
        turned = turn(masks), turn(maps)
        curve = mm.froc(*turned)
        assert (mm.aupro(*turned), curve.score(), curve.lesions) == pytest.approx(expected)


@given(ENTRIES)
def test_delong_is_symmetric_under_the_flip_of_labels(entries):
    labels, scores = split(entries * 2)  # at least two of a class
    expected = mm.delong_variance(labels, scores)
    assert mm.delong_variance(~labels, scores) == pytest.approx(expected, abs=1e-12)
    assert mm.delong_variance(labels, scores**3) == expected
