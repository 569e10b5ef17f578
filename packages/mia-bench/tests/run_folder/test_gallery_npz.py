"""The page shows the most certain hits, misses, false alarms and quiet images."""

from __future__ import annotations

from types import SimpleNamespace

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
    test = SimpleNamespace(ids=list("abcdef"), labels=labels, images=images, masks=None)
    scores = maps.mean((1, 2))
    chosen = choose_images(labels, scores)
    rebuilt = images[[i for _, i in chosen]] / np.float32(255)
    before = make_gallery(chosen, test, scores, maps, rebuilt)
    before.save(tmp_path / "gallery.npz")
    after = Gallery.load(tmp_path / "gallery.npz")
    picked = ["abcdef".index(name) for name in after.ids.tolist()]
    np.testing.assert_array_equal(after.images, images[picked])
    np.testing.assert_array_equal(after.maps, maps[picked])
    np.testing.assert_array_equal(after.reconstructions, images[picked])
    assert after.masks.size == 0


def test_a_gallery_of_a_version_that_kept_no_reconstructions_is_read(tmp_path):
    images = np.zeros((4, 1, 8, 8), np.uint8)
    test = SimpleNamespace(
        ids=list("abcd"), labels=np.array([0, 0, 1, 1]), images=images, masks=None
    )
    scores = np.arange(4, dtype=np.float32)
    make_gallery(choose_images(test.labels, scores), test, scores, None, None).save(
        tmp_path / "g.npz"
    )
    with np.load(tmp_path / "g.npz") as file:
        older = {name: file[name] for name in file.files if name != "reconstructions"}
    np.savez(tmp_path / "g.npz", **older)
    assert Gallery.load(tmp_path / "g.npz").reconstructions.size == 0
