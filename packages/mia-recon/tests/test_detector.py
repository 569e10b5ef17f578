"""The Detector contract, for every method; ``test_detector_training.py`` has that of training."""

from __future__ import annotations

import re

import numpy as np
import pytest
import torch
from mia_recon.registry import RECORDS

EVERY = pytest.mark.parametrize("name", list(RECORDS))
SIZES_OF_POWERS = {"rd", "rd++", "recontrast", "f-anogan"}  # 48 px are none of theirs


@EVERY
def test_scores_do_not_depend_on_batch_or_order(name, device, fitted, images):
    detector, images = fitted(name, device), images[:9]
    whole = detector.predict(images, device=device)
    single = detector.predict(images, batch_size=1, device=device)
    backwards = detector.predict(images[::-1], batch_size=7, device=device)
    np.testing.assert_allclose(single.score, whole.score, rtol=1e-4)
    np.testing.assert_allclose(backwards.score[::-1], whole.score, rtol=1e-4)
    if detector.info.has_map:
        scale = np.abs(whole.map).max()
        np.testing.assert_allclose(single.map, whole.map, rtol=0, atol=1e-4 * scale)
        np.testing.assert_allclose(backwards.map[::-1], whole.map, rtol=0, atol=1e-4 * scale)


@EVERY
def test_predict_changes_no_parameter_buffer_or_mode(name, device, fitted, images, snapshot, same):
    detector = fitted(name, device)
    before = snapshot(detector)
    detector.network.train()
    detector.predict(images, device=device)
    if RECORDS[name].reconstruct:
        detector.reconstruct(images, device=device)
    assert same(before, snapshot(detector))
    assert detector.network.training
    assert all(p.grad is None or not p.grad.isnan().any() for p in detector.network.parameters())


@EVERY
def test_shapes_types_and_the_score_of_the_map(name, small, images):
    detector = small(name)
    score, pixels = detector.predict(images, device="cpu")
    assert (score.shape, score.dtype) == ((len(images),), np.float32)
    assert (pixels is not None) == detector.info.has_map
    if pixels is not None:
        assert (pixels.shape, pixels.dtype) == (images[:, 0].shape, np.float32)
    if pixels is not None and RECORDS[name].score is None:
        # Resizing a map of a coarser grid changes its mean.
        rtol = 0.2 if RECORDS[name].resize_map else 1e-4
        expected = pixels.max((1, 2)) if name in {"rd", "rd++"} else pixels.mean((1, 2))
        np.testing.assert_allclose(expected, score, rtol=rtol)
    if RECORDS[name].reconstruct is None:
        with pytest.raises(
            ValueError, match=f"{re.escape(name)} reconstructs features, not images"
        ):
            detector.reconstruct(images, device="cpu")
        return
    reconstructed = detector.reconstruct(images, device="cpu")
    assert (reconstructed.shape, reconstructed.dtype) == (images.shape, np.float32)


@EVERY
def test_color_images_and_another_size(name, small):
    size = 64 if name in SIZES_OF_POWERS else 48
    images = np.random.default_rng(0).integers(0, 256, (5, 3, size, size), dtype=np.uint8)
    detector = small(name, in_channels=3, image_size=size, epochs=1).fit(images, device="cpu")
    score, pixels = detector.predict(images, device="cpu")
    assert np.isfinite(score).all()
    assert pixels is None or pixels.shape == (5, size, size)


def test_quantiles_are_those_of_the_training_scores(small, images):
    detector = small("ae").fit(images, epochs=1, device="cpu")
    scores = detector.predict(images, device="cpu").score
    for quantile, score in detector.score_quantiles.items():
        assert score == pytest.approx(np.quantile(scores, quantile), rel=1e-5)


def test_arrays_tensors_memory_maps_and_datasets_are_the_same_images(small, images, tmp_path):
    np.save(tmp_path / "images.npy", images)
    kinds = [
        torch.from_numpy(images),
        np.load(tmp_path / "images.npy", mmap_mode="r"),
        [{"image": image, "label": 0} for image in images],
        list(images),
    ]
    detector = small("ae")
    expected = detector.predict(images, device="cpu").score
    for kind in kinds:
        np.testing.assert_array_equal(detector.predict(kind, device="cpu").score, expected)


@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        (np.zeros((2, 1, 32, 32), np.float32), TypeError, "uint8.*float32"),
        (np.full((2, 1, 32, 32), np.nan), TypeError, "uint8.*float64"),
        (np.zeros((2, 3, 32, 32), np.uint8), ValueError, "1 x 32 x 32.*3x32x32"),
        (np.zeros((2, 1, 33, 32), np.uint8), ValueError, "1x33x32"),
        (np.zeros((2, 32, 32), np.uint8), ValueError, "N, C, H, W"),
        (np.zeros((0, 1, 32, 32), np.uint8), ValueError, "at least one image"),
        (np.zeros((1, 1, 32, 32), np.uint8), ValueError, "at least 2 images"),
        ("folder", TypeError, "str"),
        (3, TypeError, "int"),
    ],
)
def test_images_that_do_not_fit_are_refused(wrong, error, message, small):
    with pytest.raises(error, match=message):
        small("ae").fit(wrong, epochs=1, device="cpu")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"epochs": -1}, "epochs.*-1"),
        ({"epochs": 1.5}, "epochs.*1.5"),
        ({"epochs": True}, "epochs.*True"),
        ({"epochs": "1"}, "epochs to be a whole number, 0 or above, got '1'"),
        ({"seed": -1}, "seed.*-1"),
        ({"seed": 1.5}, "seed.*1.5"),
        ({"seed": None}, "seed.*None"),
        ({"device": "gpu"}, "unknown device 'gpu'"),
        ({"device": "cuda:99"}, "cuda:99"),
        ({"checkpoint_every": 0}, "checkpoint_every.*0"),
    ],
)
def test_arguments_of_fit_that_make_no_sense_are_refused(arguments, message, small, images):
    with pytest.raises(ValueError, match=message):
        small("ae").fit(images, **{"epochs": 1, "device": "cpu", **arguments})


def test_a_batch_size_of_zero_is_refused(small, images):
    with pytest.raises(ValueError, match=r"batch_size.*0"):
        small("ae").predict(images, batch_size=0)
