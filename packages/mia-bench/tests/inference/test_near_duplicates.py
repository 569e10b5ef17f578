"""Thumbnails are means of equal parts; near-duplicates are what the rule says, pair by pair."""

from __future__ import annotations

import io

import numpy as np
import pytest
from mia_bench.inference import near_duplicates as module
from mia_bench.inference.near_duplicates import SIDE, near_duplicates, thumbnails
from PIL import Image


def scans(count: int, seed: int = 0, size: int = 96) -> np.ndarray:
    """Images of six soft blobs at random places, uint8 (N, 1, S, S)."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:size, :size] / size - 0.5
    images = np.full((count, size, size), 40.0)
    for image in images:
        for a, b in rng.uniform(-0.3, 0.3, (6, 2)):
            image += rng.uniform(10, 40) * np.exp(-((x - a) ** 2 + (y - b) ** 2) / 0.02)
    return images[:, None].clip(0, 255).astype(np.uint8)


def pairs(images: np.ndarray) -> set[tuple[int, int]]:
    return {(min(pair), max(pair)) for pair in near_duplicates(images)}


@pytest.mark.parametrize("shape", [(32, 32), (24, 40), (8, 8), (230, 100)])
def test_a_thumbnail_has_the_means_of_equal_parts(shape):
    images = np.random.default_rng(0).integers(0, 256, (3, 3, *shape), dtype=np.uint8)
    # Each pixel 16 times as large: then every part is of whole pixels.
    gray = images.mean(1).repeat(SIDE, 1).repeat(SIDE, 2)
    means = gray.reshape(3, SIDE, shape[0], SIDE, shape[1]).mean((2, 4)).reshape(3, -1)
    means -= means.mean(1, keepdims=True)
    expected = means / np.linalg.norm(means, axis=1, keepdims=True)
    np.testing.assert_allclose(thumbnails(images), expected, atol=1e-5)


def test_pairs_are_those_of_the_rule(monkeypatch):
    monkeypatch.setattr(module, "_AT_ONCE", 7)
    rng = np.random.default_rng(1)
    base = scans(12)
    noise = rng.normal(0, 1, (40, 1, 96, 96)) * rng.choice([1, 30, 120], (40, 1, 1, 1))
    images = (base[rng.integers(0, 12, 40)] + noise).clip(0, 255).astype(np.uint8)
    small = thumbnails(images).astype(float)
    usual = np.median([np.linalg.norm(each - small.mean(0)) for each in small])
    tolerance = min(0.05, usual / 10)
    expected = {
        (i, j)
        for i in range(40)
        for j in range(i + 1, 40)
        if np.linalg.norm(small[i] - small[j]) <= tolerance
    }
    assert 10 < len(expected) < 40 * 39 / 2
    assert pairs(images) == expected


def as_jpeg(image: np.ndarray) -> np.ndarray:
    file = io.BytesIO()
    Image.fromarray(image).save(file, "JPEG", quality=60)
    return np.asarray(Image.open(file))


def resized(image: np.ndarray) -> np.ndarray:
    small = Image.fromarray(image).resize((61, 61))
    return np.asarray(small.resize((96, 96)))


def brighter(image: np.ndarray) -> np.ndarray:
    return (image * 1.3 + 10).clip(0, 255).astype(np.uint8)


@pytest.mark.parametrize("saved", [np.copy, as_jpeg, resized, brighter])
def test_an_image_saved_in_another_way_is_a_near_duplicate(saved):
    images = scans(20)
    copies = np.stack([saved(image[0])[None] for image in images])
    both = np.concatenate([images, copies])
    assert pairs(both) == {(i, i + 20) for i in range(20)}


def test_images_of_one_view_are_no_near_duplicates_but_copies_are():
    # One disk under noise: all correlate by more than 0.999.
    y, x = np.mgrid[:96, :96] - 47.5
    noise = np.random.default_rng(2).normal(0, 6, (30, 1, 96, 96))
    images = (100.0 * (np.hypot(x, y) < 40) + noise + 30).clip(0, 255).astype(np.uint8)
    small = thumbnails(images)
    assert (small @ small.T).min() > 0.999
    assert pairs(images) == set()
    copies = np.stack([brighter(image[0])[None] for image in images[:3]])
    assert pairs(np.concatenate([images, copies])) == {(0, 30), (1, 31), (2, 32)}


def test_equal_images_are_near_duplicates_even_of_each_other_alone():
    assert len(pairs(np.repeat(scans(1), 5, 0))) == 10


def test_images_without_structure_are_near_duplicates_of_each_other_alone():
    flat = np.stack([np.full((1, 96, 96), value, np.uint8) for value in (0, 90, 255)])
    assert pairs(np.concatenate([flat, scans(3)])) == {(0, 1), (0, 2), (1, 2)}
