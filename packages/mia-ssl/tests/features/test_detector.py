"""The Detector contract for the feature methods, on a small network and on real weights."""

from __future__ import annotations

import mia_ssl
import numpy as np
import pytest
import torch
from mia_ssl.features import METHODS
from mia_ssl.features.draw_lesions import draw_lesions
from scipy.ndimage import gaussian_filter
from sklearn.exceptions import NotFittedError

# The images are of one kind: a quarter of the patches holds what all of them show.
FEWER_PATCHES = {"patchcore": {"pool": 12_500}, "nearest-features": {"bank": 5_000}}


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("channels", [1, 3])
def test_every_method_scores_images_and_pixels(name, channels, waves):
    """With EfficientNet-Lite0's own weights."""
    normal = waves().repeat(channels, axis=1)
    short = {"steps": 150} if name == "synthetic-lesions" else {}
    detector = mia_ssl.build(name, in_channels=channels, image_size=64, **short)
    detector.fit(normal, device="cpu")
    odd = normal[:2].copy()
    odd[:, :, 20:40, 20:40] = 255
    normals, anomalies = (
        detector.predict(x, device="cpu") for x in (waves(2, 1).repeat(channels, 1), odd)
    )
    assert anomalies.score.dtype == anomalies.map.dtype == np.float32
    assert anomalies.score.shape == (2,)
    assert anomalies.map.shape == (2, 64, 64)
    assert anomalies.score.min() > normals.score.max()
    assert detector.info.has_map
    assert detector.history == []


@pytest.mark.parametrize("name", METHODS)
def test_scores_depend_on_neither_batch_nor_order(name, small, waves):
    detector = small(name).fit(waves(), device="cpu")
    images = waves(5, 1)
    whole = detector.predict(images, device="cpu")
    for i in range(5):
        alone = detector.predict(images[i : i + 1], batch_size=1, device="cpu")
        np.testing.assert_allclose(alone.score[0], whole.score[i], rtol=1e-4)
        np.testing.assert_allclose(alone.map[0], whole.map[i], rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("name", METHODS)
def test_same_seed_same_result_and_saved_as_it_was(name, small, waves, tmp_path):
    images = waves(3, 1)
    first = small(name).fit(waves(), device="cpu", seed=5)
    again = small(name).fit(waves(), device="cpu", seed=5)
    expected = first.predict(images, device="cpu")
    np.testing.assert_array_equal(again.predict(images, device="cpu").score, expected.score)
    first.save(tmp_path / "model")
    loaded = mia_ssl.load(tmp_path / "model")
    np.testing.assert_array_equal(loaded.predict(images, device="cpu").score, expected.score)
    np.testing.assert_array_equal(loaded.predict(images, device="cpu").map, expected.map)
    assert loaded.options == first.options
    assert loaded.score_quantiles == first.score_quantiles
    assert loaded.seed == 5


@pytest.mark.parametrize("name", METHODS)
def test_what_a_network_learns_is_counted(name, small, waves):
    detector = small(name)
    assert detector.learned_parameters == 0
    detector.fit(waves(), device="cpu")
    inputs = sum(detector.network.channels[stage] for stage in (1, 2))
    lesion_network = (inputs * 64 + 64) + (64 * 64 * 9 + 64) + (64 + 1)  # three convolutions
    assert detector.learned_parameters == (lesion_network if name == "synthetic-lesions" else 0)


@pytest.mark.parametrize("name", METHODS)
def test_what_is_kept_does_not_grow_with_the_images(name, small, waves):
    caps = {"patchcore": {"pool": 400}, "nearest-features": {"bank": 400}}
    sizes = []
    for count in (40, 120):
        detector = small(name, **caps.get(name, {})).fit(waves(count), device="cpu")
        sizes.append(sum(tensor.numel() for tensor in detector.model.state().values()))
    assert sizes[0] == pytest.approx(sizes[1], rel=0.15)  # whole patches of each image


def test_more_memory_than_allowed_is_refused_with_what_is_needed(small, waves):
    for name, options in (
        ("padim", {"memory": 0.001}),
        ("patchcore", {"memory": 0.001, "pool": 50_000}),
        ("nearest-features", {"memory": 0.001}),
    ):
        with pytest.raises(ValueError, match=r"expected memory of [\d.]+ GB or more .* got 0\.001"):
            small(name, **options).fit(waves(), device="cpu")


@pytest.mark.parametrize("name", METHODS)
def test_damaged_model_is_refused(name, small, waves, tmp_path):
    for damage in (lambda x: x[..., 0], lambda x: x * torch.nan):
        detector = small(name).fit(waves(), device="cpu")
        state = {
            k: damage(v) if v.is_floating_point() else v for k, v in detector.model.state().items()
        }
        detector.model.state = lambda state=state: state
        detector.save(tmp_path / "model")
        with pytest.raises(mia_ssl.ModelFileError, match="expected"):
            mia_ssl.load(tmp_path / "model")


def test_wrong_builds_are_refused():
    with pytest.raises(ValueError, match="did you mean 'efficientnet-lite2'"):
        mia_ssl.build("padim", backbone="efficientnet-lite22")
    with pytest.raises(ValueError, match="image_size to be 64 or above, got 32"):
        mia_ssl.build("padim", image_size=32)
    with pytest.raises(ValueError, match=r"stages of efficientnet-lite0 below 5, got \(2, 5\)"):
        mia_ssl.build("padim", stages=(2, 5))
    with pytest.raises(ValueError, match=r"stages in ascending order, each once, got \(3, 2\)"):
        mia_ssl.build("padim", stages=(3, 2))
    with pytest.raises(ValueError, match=r"0 < least <= largest <= 1\), got \(0.3, 0.2\)"):
        mia_ssl.build("synthetic-lesions", radius=(0.3, 0.2))
    with pytest.raises(ValueError, match="did you mean 'smoothing'"):
        mia_ssl.build("padim", smooting=3)
    with pytest.raises(ValueError, match="no checkpoint of it"):
        mia_ssl.load_medianomaly("padim", "x.tch")


def test_wrong_calls_are_refused(small, waves):
    with pytest.raises(NotFittedError, match="call fit first"):
        small("padim").predict(waves(1), device="cpu")
    with pytest.raises(ValueError, match="1 x 64 x 64"):
        small("padim").fit(np.zeros((3, 1, 72, 72), np.uint8), device="cpu")
    with pytest.raises(ValueError, match="at least 2 images"):
        small("padim").fit(waves(1), device="cpu")


def test_fewer_images_than_dimensions_are_enough(small, waves):
    for name in METHODS:
        detector = small(name).fit(waves(4), device="cpu")
        assert np.isfinite(detector.predict(waves(2, 1), device="cpu").score).all()


def test_bank_methods_do_not_compare_normal_images_with_themselves(small, waves):
    for name in ("patchcore", "nearest-features"):
        detector = small(name, **({"share": 1.0} if name == "patchcore" else {})).fit(
            waves(), device="cpu"
        )
        assert detector.score_quantiles[0.0] > 0
        own = detector.predict(waves(), device="cpu").score
        assert own.max() < 1e-2 * detector.score_quantiles[0.5]


def test_orientations_make_turned_images_normal(small, waves):
    slopes = np.arange(64, dtype=np.uint8)[:, None].repeat(64, 1) * 3
    normal = (slopes[None, None] + waves(12) // 8).astype(np.uint8)
    turned = np.rot90(normal[:2], 1, (2, 3)).copy()
    for name in ("nearest-features", "subspace"):
        plain = small(name).fit(normal, device="cpu").predict(turned, device="cpu").score
        aware = small(name, orientations="rotated").fit(normal, device="cpu")
        assert aware.predict(turned, device="cpu").score.max() < 0.7 * plain.min()


def test_blur_is_scipys_with_the_border_reflected(small, waves):
    images = waves(2, 1)
    sharp = small("subspace").fit(waves(), device="cpu").predict(images, device="cpu").map
    soft = (
        small("subspace", smoothing=3).fit(waves(), device="cpu").predict(images, device="cpu").map
    )
    expected = np.stack([gaussian_filter(picture.astype(np.float64), 3) for picture in sharp])
    np.testing.assert_allclose(soft, expected, rtol=1e-4)


@pytest.mark.parametrize(
    ("name", "stages"),
    [
        *((name, (1, 3)) for name in METHODS if name != "synthetic-lesions"),
        *(("subspace", stages) for stages in [(1,), (2,), (3,), (2, 3)]),
    ],
)
def test_one_bright_spot_is_where_the_map_says(name, stages):
    """In the features of EfficientNet-Lite0, at places all over a cell of the coarsest stage."""
    rng = np.random.default_rng(0)
    normal = (110 + rng.normal(0, 8, (12, 1, 192, 192))).astype(np.uint8)
    options = {"stages": stages, "smoothing": 0, "image_size": 192, **FEWER_PATCHES.get(name, {})}
    detector = mia_ssl.build(name, **options).fit(normal, device="cpu")
    places = np.array([(row, column) for row in (84, 89, 95, 100) for column in (86, 91, 97, 102)])
    images = normal[:1].repeat(len(places), axis=0)
    for image, (row, column) in zip(images[:, 0], places, strict=True):
        image[row - 3 : row + 4, column - 3 : column + 4] = 220
    base, spots = (detector.predict(x, device="cpu").map for x in (normal[:1], images))
    raised = np.clip(spots - base, 0, None)
    raised[raised < 0.3 * raised.max((1, 2), keepdims=True)] = 0
    along = np.arange(192)
    found = [(raised.sum(axis) * along).sum(1) / raised.sum((1, 2)) for axis in (2, 1)]
    off = np.stack(found, axis=1) - places
    # By windows and padding alone the cells of stage 3 would lie 7.5 pixels further.
    assert np.abs(off.mean(0)).max() < (2.5 if 3 in stages else 1.5)


def test_the_map_of_synthetic_lesions_is_where_new_lesions_are():
    rng = np.random.default_rng(0)
    smooth = gaussian_filter(rng.normal(0, 1, (40, 1, 128, 128)), (0, 0, 8, 8))
    images = (110 + 250 * smooth + rng.normal(0, 4, smooth.shape)).clip(20, 255).astype(np.uint8)
    detector = mia_ssl.build("synthetic-lesions", image_size=128, steps=200, smoothing=0)
    detector.fit(images[:24], device="cpu")
    changed, label = draw_lesions(torch.from_numpy(images[24:]), torch.Generator().manual_seed(1))
    pixels = detector.predict(changed.numpy(), device="cpu").map
    large = label.float().mean((1, 2)) > 0.01
    inside, off = [], []
    for picture, mask in zip(pixels[large], label.numpy()[large], strict=True):
        inside.append(picture[mask].mean() > np.quantile(picture, 0.9))
        raised = np.clip(picture - np.quantile(picture, 0.95), 0, None)
        centers = [
            np.array([(part.sum(axis) * np.arange(128)).sum() / part.sum() for axis in (1, 0)])
            for part in (raised, mask)
        ]
        off.append(centers[0] - centers[1])
    assert len(inside) >= 8
    assert np.mean(inside) > 0.8
    assert np.abs(np.median(off, axis=0)).max() < 4  # half a cell
