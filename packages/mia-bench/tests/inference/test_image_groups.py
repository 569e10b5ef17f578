"""Groups are the connected components of patients and near-duplicates."""

from __future__ import annotations

import numpy as np
from mia_bench.inference.image_groups import group_images

RNG = np.random.default_rng(0)
PICTURES = RNG.integers(0, 256, (6, 1, 32, 32), dtype=np.uint8)


def test_images_that_are_all_different_are_groups_of_one():
    np.testing.assert_array_equal(group_images(PICTURES), np.arange(6))


def test_near_duplicates_are_one_group():
    images = PICTURES[[0, 1, 0, 2, 1, 0]]
    np.testing.assert_array_equal(group_images(images), [0, 1, 0, 2, 1, 0])


def test_patients_are_one_group():
    groups = group_images(PICTURES, ["b", "a", "b", "c", "a", "d"])
    np.testing.assert_array_equal(groups, [0, 1, 0, 2, 1, 3])


def test_patients_and_volumes_that_share_an_image_are_one_group():
    groups = group_images(PICTURES, list("aabbcd"), None, list("uvvwxw"))
    np.testing.assert_array_equal(groups, [0, 0, 0, 0, 1, 0])


def test_patients_with_near_duplicates_of_each_other_are_one_group():
    images = PICTURES[[0, 1, 2, 3, 1, 5]]
    groups = group_images(images, ["a", "a", "b", "b", "b", "c"])
    np.testing.assert_array_equal(groups, [0, 0, 0, 0, 0, 1])


def test_components_are_those_of_the_reachable_images():
    rng = np.random.default_rng(3)
    kinds = rng.integers(0, 50, 30)
    patients = rng.integers(0, 50, 30).tolist()
    pictures = rng.integers(0, 256, (50, 1, 32, 32), dtype=np.uint8)
    linked = (kinds[:, None] == kinds) | (np.array(patients)[:, None] == patients)
    reach = np.linalg.matrix_power(linked.astype(float), 30) > 0
    groups = group_images(pictures[kinds], patients)
    np.testing.assert_array_equal(groups[:, None] == groups, reach)
    assert groups.max() + 1 == len({tuple(row) for row in reach}) > 5
