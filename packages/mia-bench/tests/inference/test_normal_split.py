"""A split never parts a group, holds out enough and no more, and is the same each time."""

from __future__ import annotations

import math

import numpy as np
import pytest
from mia_bench import StudyError
from mia_bench.inference.normal_split import hold_out, make_folds

SINGLES = np.arange(200)


def drawn_groups(seed: int) -> np.ndarray:
    """Groups of 1 to 9 of 300 images, in no order."""
    rng = np.random.default_rng(seed)
    groups = rng.permutation(np.repeat(np.arange(300), rng.integers(1, 10, 300))[:300])
    return np.unique(groups, return_inverse=True)[1]


def names(groups):
    return [f"{i:03}.png" for i in range(len(groups))]


@pytest.mark.parametrize("divide", [hold_out, make_folds])
@pytest.mark.parametrize("seed", range(5))
def test_a_group_is_never_split(divide, seed):
    groups = drawn_groups(seed)
    split = divide(names(groups), groups, fpr=0.05)
    for group in range(groups.max() + 1):
        assert len(set(split.parts[groups == group])) == 1
    assert split.groups == groups.max() + 1
    assert sorted([*split.trained, *split.held_out]) == list(range(len(groups)))


@pytest.mark.parametrize("divide", [hold_out, make_folds])
def test_the_split_depends_on_nothing_but_the_groups(divide):
    groups = drawn_groups(0)
    one, two = (divide(names(groups), groups, fpr=0.05) for _ in range(2))
    np.testing.assert_array_equal(one.parts, two.parts)
    assert one.facts() == two.facts()


@pytest.mark.parametrize(
    ("count", "share", "fpr", "expected"),
    [
        (200, 0.2, 0.05, 40),  # a fifth
        (201, 0.2, 0.05, 41),  # rounded up
        (60, 0.2, 0.05, 19),  # 1 / fpr - 1 are more
        (200, 0.2, 0.02, 49),
        (200, 0.3, 0.05, 60),
    ],
)
def test_a_share_is_held_out_and_enough_for_the_rate(count, share, fpr, expected):
    groups = np.arange(count)
    split = hold_out(names(groups), groups, share=share, fpr=fpr)
    assert len(split.held_out) == expected == max(math.ceil(share * count), round(1 / fpr) - 1)
    assert set(split.trained) == set(range(count)) - set(split.held_out.tolist())


@pytest.mark.parametrize("seed", range(5))
def test_of_groups_as_few_as_are_enough_are_held_out(seed):
    groups = drawn_groups(seed)
    held = hold_out(names(groups), groups, fpr=0.05).held_out
    assert 60 <= len(held) < 60 + 9


def test_folds_hold_each_image_once_and_are_about_as_large():
    split = make_folds(names(SINGLES), SINGLES, fpr=0.05)
    np.testing.assert_array_equal(np.bincount(split.parts), [40] * 5)
    assert len(split.trained) == 200
    groups = drawn_groups(1)
    sizes = np.bincount(make_folds(names(groups), groups, share=0.1, fpr=0.05).parts)
    assert len(sizes) == 10
    assert sizes.max() - sizes.min() <= 9


def test_which_images_are_held_out_is_drawn():
    held = hold_out(names(SINGLES), SINGLES, fpr=0.05).held_out
    assert 60 < held.mean() < 140
    assert not np.array_equal(np.diff(held), np.full(39, held[1] - held[0]))


def test_too_few_images_are_refused():
    few = np.arange(37)  # 19 of 38 would be half
    with pytest.raises(StudyError, match=r"37 normal images are too few to hold 19 out .* 0\.05:"):
        hold_out(names(few), few, fpr=0.05)
    assert len(hold_out(names(range(38)), np.arange(38), fpr=0.05).held_out) == 19
    one = np.zeros(100, int)
    message = r"\(they are 1 groups of a patient or near-duplicates, the largest of 100 images\)"
    for divide in (hold_out, make_folds):
        with pytest.raises(StudyError, match=message):
            divide(names(one), one, fpr=0.05)
    with pytest.raises(StudyError, match=r"18 normal images are too few .* at least 19"):
        make_folds(names(range(18)), np.arange(18), fpr=0.05)
