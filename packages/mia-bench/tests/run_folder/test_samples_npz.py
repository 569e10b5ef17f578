"""A run keeps the test images that every other run of the dataset keeps, small and checked."""

from __future__ import annotations

from dataclasses import fields, replace
from types import SimpleNamespace

import numpy as np
import pytest
from mia_bench.errors import StudyError
from mia_bench.execution.evaluate import write_outputs
from mia_bench.run_folder.folder import RunFolder
from mia_bench.run_folder.samples_npz import (
    MAX_SIDE,
    PER_LABEL,
    Samples,
    choose_samples,
    make_samples,
)


def a_test_set(size=16, channels=1, count=40, masks=True):
    rng = np.random.default_rng(size)
    labels = np.repeat([0, 1], count // 2)
    marked = np.zeros((count, size, size), np.uint8)
    marked[labels == 1, 2:5, 3:6] = 1
    return SimpleNamespace(
        ids=[f"{'ab'[label]}/{i:03}.png" for i, label in enumerate(labels)],
        labels=labels,
        images=rng.integers(0, 256, (count, channels, size, size), dtype=np.uint8),
        masks=marked if masks else None,
    )


def kept_by(folder, dataset, test, scores, maps=None):
    folder.path.mkdir(parents=True, exist_ok=True)
    write_outputs(folder, dataset, test, SimpleNamespace(score=scores, map=maps), None)
    return Samples.load(folder.samples)


def test_methods_of_other_scores_and_sizes_keep_the_same_images(tmp_path):
    rng = np.random.default_rng(0)
    kept = []
    for number, size in enumerate((16, 32)):
        test = a_test_set(size)
        scores = rng.random(40, dtype=np.float32)
        kept.append(kept_by(RunFolder(tmp_path / str(number)), "lag", test, scores))
    assert kept[0].ids.tolist() == kept[1].ids.tolist()
    assert kept[0].labels.tolist() == [1] * PER_LABEL + [0] * PER_LABEL
    assert len(set(kept[0].ids.tolist())) == 2 * PER_LABEL


def test_the_draw_depends_on_dataset_and_ids_alone():
    test = a_test_set()
    chosen = choose_samples("lag", test.ids, test.labels)
    order = np.random.default_rng(0).permutation(40)
    again = choose_samples("lag", [test.ids[i] for i in order], test.labels[order])
    assert [test.ids[order[i]] for i in again] == [test.ids[i] for i in chosen]
    other = choose_samples("rsna", test.ids, test.labels)
    assert set(other) != set(chosen)


def test_every_image_is_as_likely_as_another():
    test = a_test_set()
    counts = np.zeros(40)
    for number in range(300):
        counts[choose_samples(f"set-{number}", test.ids, test.labels)] += 1
    share = counts / 300  # expected 6 of 20, with a deviation of 0.026
    assert 0.2 < share.min() < share.max() < 0.4


def test_a_small_set_is_kept_whole():
    assert sorted(choose_samples("x", list("abc"), np.array([0, 1, 0]))) == [0, 1, 2]


def test_what_is_saved_is_what_is_read(tmp_path):
    test = a_test_set(channels=3)
    maps = np.random.default_rng(0).random((40, 16, 16), dtype=np.float32)
    chosen = choose_samples("lag", test.ids, test.labels)
    before = make_samples(chosen, test, maps, test.images[chosen] / np.float32(255))
    before.save(tmp_path / "samples.npz")
    after = Samples.load(tmp_path / "samples.npz")
    for field in fields(Samples):
        np.testing.assert_array_equal(getattr(after, field.name), getattr(before, field.name))
    np.testing.assert_array_equal(after.images, test.images[chosen])
    np.testing.assert_array_equal(after.reconstructions, test.images[chosen])
    np.testing.assert_array_equal(after.maps, maps[chosen])
    np.testing.assert_allclose(after.map_range, np.quantile(maps, [0, 0.995]), rtol=1e-6)


def test_large_images_are_shrunk_and_no_lesion_is_lost(tmp_path):
    size = 4 * MAX_SIDE
    test = a_test_set(size, count=2)
    test.masks[1] = 0
    test.masks[1, 501, 777] = 1
    samples = make_samples([0, 1], test, np.ones((2, size, size), np.float32), None)
    assert samples.images.shape == (2, 1, MAX_SIDE, MAX_SIDE)
    assert samples.masks[1].sum() == 1
    assert samples.masks[1, 501 // 4, 777 // 4] == 1
    block = test.images[0, 0, :4, :4].mean()
    assert abs(samples.images[0, 0, 0, 0] - block) <= 1


DAMAGES = {
    "labels": lambda samples: replace(samples, labels=samples.labels[:-1]),
    "masks": lambda samples: replace(samples, masks=samples.masks[:, :4]),
    "maps": lambda samples: replace(samples, maps=samples.maps.astype(np.float64)),
    "finite maps": lambda samples: replace(samples, maps=samples.maps * np.float32(np.nan)),
    "images": lambda samples: replace(samples, images=samples.images[:, 0]),
    "ids": lambda samples: replace(samples, ids=np.arange(len(samples))),
    "map_range": lambda samples: replace(samples, map_range=samples.map_range[:1]),
}


@pytest.mark.parametrize("named", DAMAGES)
def test_arrays_that_do_not_belong_together_are_refused(named, tmp_path):
    test = a_test_set()
    chosen = choose_samples("lag", test.ids, test.labels)
    whole = make_samples(chosen, test, np.ones((40, 16, 16), np.float32), None)
    DAMAGES[named](whole).save(tmp_path / "samples.npz")
    with pytest.raises(StudyError, match=f"cannot read .*samples.npz: expected {named}"):
        Samples.load(tmp_path / "samples.npz")


def test_a_file_of_pickles_or_too_many_zeros_is_refused(tmp_path, monkeypatch):
    test = a_test_set()
    whole = make_samples([0, 20], test, None, None)
    path = tmp_path / "samples.npz"
    arrays = {field.name: getattr(whole, field.name) for field in fields(whole)}
    np.savez(path, **{**arrays, "ids": np.array([{}, {}], dtype=object)})
    with pytest.raises(StudyError, match="allow_pickle"):
        Samples.load(path)
    monkeypatch.setattr("mia_bench.run_folder.samples_npz.MAX_BYTES", 1 << 16)
    np.savez_compressed(path, **{**arrays, "masks": np.zeros(1 << 20, np.uint8)})
    assert path.stat().st_size < 1 << 16
    with pytest.raises(StudyError, match="expected at most 65536 bytes of arrays, got 1"):
        Samples.load(path)
