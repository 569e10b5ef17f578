"""The dataset object: copies out, arrays whole, cheap to send to a worker process."""

import pickle

import numpy as np
import pytest
from mia_data import ImageSet, load


@pytest.fixture
def brats_test(brats_dataset):
    return load("brats2021", "test", root=brats_dataset.parent, size=16)


def test_items_are_the_rows_of_the_arrays(brats_test):
    assert len(brats_test) == 3
    for i in range(3):
        item = brats_test[i]
        np.testing.assert_array_equal(item["image"], brats_test.images[i])
        np.testing.assert_array_equal(item["mask"], brats_test.masks[i][None])
        assert item["image"].shape == (1, 16, 16)
        assert (item["label"], item["id"]) == (int(i > 0), brats_test.ids[i])
        assert type(item["label"]) is int


def test_items_are_writable_copies_and_arrays_are_read_only_maps(brats_test):
    before = brats_test.images[0].copy()
    brats_test[0]["image"][:] = 7
    np.testing.assert_array_equal(brats_test.images[0], before)
    assert isinstance(brats_test.images, np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        brats_test.images[0] = 7


def test_iteration_ends_as_a_sequence_does(brats_test):
    assert [item["id"] for item in brats_test] == list(brats_test.ids)
    with pytest.raises(IndexError):
        brats_test[3]


def test_train_items_have_no_mask(brats_dataset):
    ds = load("brats", "train", root=brats_dataset.parent, size=16)
    assert ds.masks is None
    assert set(ds[0]) == {"image", "label", "id"}


def test_repr_is_one_line_with_counts(brats_test):
    assert repr(brats_test) == "ImageSet(brats2021/test: 1 normal + 2 abnormal, 1x16x16, masks)"


def test_paths_are_the_files(brats_test, brats_dataset):
    assert brats_test.paths[0] == brats_dataset / "test" / "normal" / "n_flair_1.png"
    assert all(path.is_file() for path in brats_test.paths)


def test_a_pickle_holds_file_names_and_no_pixels():
    ds = load("phantom", "test", size=64)
    data = pickle.dumps(ds)
    assert len(data) < ds.images.nbytes / 20
    copy = pickle.loads(data)
    assert isinstance(copy, ImageSet)
    np.testing.assert_array_equal(copy.images, ds.images)
    np.testing.assert_array_equal(copy.masks, ds.masks)
    assert copy.ids == ds.ids
    assert copy.paths is None
