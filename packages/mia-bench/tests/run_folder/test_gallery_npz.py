"""The page shows the most certain hits, misses, false alarms and quiet images."""

from __future__ import annotations

import numpy as np
from mia_bench.run_folder.gallery_npz import Gallery, choose_images, make_gallery


def test_each_kind_is_the_right_end_of_the_right_class():
    labels = np.array([0] * 10 + [1] * 10)
    scores = np.concatenate([np.arange(10), np.arange(10) + 5]).astype(np.float32)
    found: dict[str, list[int]] = {}
    for kind, index in choose_images(labels, scores):
        found.setdefault(kind, []).append(index)
    assert found == {
        "hit": [19, 18, 17, 16],
        "miss": [10, 11, 12, 13],
        "false alarm": [9, 8, 7, 6],
        "quiet": [0, 1, 2, 3],
    }


def test_a_small_set_shows_no_image_twice_as_two_kinds():
    indices = [index for _, index in choose_images(np.array([0, 0, 1, 1]), np.arange(4.0))]
    assert sorted(indices) == [0, 1, 2, 3]


def test_what_is_saved_is_what_was_collected(tmp_path):
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (6, 1, 8, 8), dtype=np.uint8)
    maps = rng.random((6, 8, 8), dtype=np.float32)
    labels = np.array([0, 0, 0, 1, 1, 1])
    before = make_gallery(list("abcdef"), labels, maps.mean((1, 2)), images, maps, None)
    before.save(tmp_path / "gallery.npz")
    after = Gallery.load(tmp_path / "gallery.npz")
    picked = ["abcdef".index(name) for name in after.ids.tolist()]
    np.testing.assert_array_equal(after.images, images[picked])
    np.testing.assert_array_equal(after.maps, maps[picked])
    assert after.masks.size == 0
