"""The phantom as a dataset: seeds, sizes, and difficulty."""

import numpy as np
import pytest
from mia_data import DataError, load, phantom


def test_the_default_extent():
    train, test = load("phantom", "train"), load("phantom", "test")
    assert train.images.shape == (256, 1, 64, 64)
    assert test.images.shape == (128, 1, 64, 64)
    assert train.labels.tolist() == [0] * 256
    assert test.labels.tolist() == [0] * 64 + [1] * 64
    assert train.masks is None
    np.testing.assert_array_equal(test.masks.any(axis=(1, 2)), test.labels)
    assert test.ids[64] == "abnormal-0000"
    assert len(set(test.ids)) == 128
    assert test.paths is None


def test_the_seed_decides_everything_and_the_cache_nothing(tmp_path):
    def draw(name, seed):
        ds = phantom("test", n_normal=3, n_abnormal=6, seed=seed, cache_dir=tmp_path / name)
        return np.array(ds.images), np.array(ds.masks)

    first, again, other = draw("a", 1), draw("b", 1), draw("a", 2)
    np.testing.assert_array_equal(first[0], again[0])
    np.testing.assert_array_equal(first[1], again[1])
    assert (first[0] != other[0]).mean() > 0.3


def test_an_image_does_not_depend_on_how_many_there_are():
    few, many = phantom("train", n_train=3), phantom("train", n_train=40)
    np.testing.assert_array_equal(few.images, many.images[:3])


def test_all_images_differ_also_between_the_splits():
    train, test = load("phantom", "train"), load("phantom", "test")
    pixels = np.concatenate([train.images, test.images]).reshape(384, -1)
    assert len(np.unique(pixels, axis=0)) == 384


@pytest.mark.parametrize("size", [50, 96, 224])
def test_every_size_shows_the_same_anatomy(size):
    options = {"n_normal": 2, "n_abnormal": 6}
    other, usual = phantom("test", size=size, **options), phantom("test", size=128, **options)
    assert other.images.shape == (8, 1, size, size)
    areas = other.masks.mean(axis=(1, 2)), usual.masks.mean(axis=(1, 2))
    np.testing.assert_allclose(*areas, rtol=0.3, atol=0.004)
    np.testing.assert_allclose(other.images.mean(), usual.images.mean(), rtol=0.05)


def test_lesions_have_pixels_at_the_smallest_size():
    test = phantom("test", size=16)
    assert (test.masks.any(axis=(1, 2)) == test.labels).all()


def test_three_channels_are_the_same_gray():
    gray, rgb = phantom("train", n_train=2), phantom("train", n_train=2, channels=3)
    np.testing.assert_array_equal(rgb.images, np.repeat(gray.images, 3, axis=1))


def _auroc(labels, scores):
    """The probability that an abnormal image scores higher than a normal one."""
    abnormal, normal = scores[labels == 1], scores[labels == 0]
    return (abnormal[:, None] > normal).mean() + 0.5 * (abnormal[:, None] == normal).mean()


def _average_precision(labels, scores):
    hits = labels[np.argsort(-scores, kind="stable")]
    precision = np.cumsum(hits) / np.arange(1, len(hits) + 1)
    return precision[hits == 1].mean()


def test_a_simple_detector_is_well_above_chance_and_well_below_perfect():
    train, test = load("phantom", "train"), load("phantom", "test")
    x, y = (ds.images.reshape(len(ds), -1) / 255.0 for ds in (train, test))
    mean = x.mean(axis=0)
    components = np.linalg.svd(x - mean, full_matrices=False)[2][:16]
    residual = (y - mean) - (y - mean) @ components.T @ components
    error = residual**2
    assert 0.6 < _auroc(test.labels, error.mean(axis=1)) < 0.95
    lesion_share = test.masks.mean()
    pixel_ap = _average_precision(test.masks.ravel(), error.ravel())
    assert pixel_ap > 5 * lesion_share


def test_the_mean_gray_alone_tells_little():
    test = load("phantom", "test")
    auroc = _auroc(test.labels, test.images.mean(axis=(1, 2, 3)))
    assert 0.3 < auroc < 0.7


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"size": 15}, "size to be at least 16 for the phantom, got 15"),
        ({"n_train": 0}, "n_train to be a whole number, 1 or above, got 0"),
        ({"n_train": True}, "n_train.*True"),
        ({"seed": -1}, "seed to be a whole number, 0 or above, got -1"),
        ({"seed": 1.5}, "seed"),
        ({"channels": 2}, "channels"),
        ({"channels": 1.0}, "channels.*1.0"),
        ({"split": "val"}, "split"),
    ],
)
def test_a_wrong_argument_is_named(options, message):
    with pytest.raises(DataError, match=message):
        phantom(**{"split": "train", **options})


def test_numpy_integers_are_whole_numbers():
    plain = {"size": 32, "channels": 1, "n_train": 3, "seed": 7}
    numpy = {name: np.int64(value) for name, value in plain.items()}
    np.testing.assert_array_equal(
        phantom("train", **numpy).images, phantom("train", **plain).images
    )
    small = load("phantom", "train", size=np.int32(16), channels=np.int32(3))
    assert small.images.shape == (256, 3, 16, 16)
