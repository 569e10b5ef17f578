"""The Detector contract, for every method."""

from __future__ import annotations

import re

import mia_recon
import numpy as np
import pytest
import torch
from mia_recon.registry import RECORDS

EVERY = pytest.mark.parametrize("name", list(RECORDS))
# One of each training task, of each source of randomness, and of what is measured before training.
OF_EACH_KIND = ["ae", "vae", "ceae", "ganomaly", "dae", "ae-perceptual", "recontrast", "f-anogan"]
OF_EACH_KIND += ["rd++", "anoddpm-simplex"]
KINDS = pytest.mark.parametrize("name", OF_EACH_KIND)
SIZES_OF_POWERS = {"rd", "rd++", "recontrast", "f-anogan"}  # 48 px are none of theirs


@EVERY
def test_scores_do_not_depend_on_batch_or_order(name, device, fitted, images):
    detector = fitted(name, device)
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


@KINDS
def test_the_seed_decides_the_weights(name, device, small, images, snapshot, same):
    first, again, other = (
        snapshot(small(name).fit(images, epochs=2, seed=seed, device=device)) for seed in (5, 5, 6)
    )
    assert same(first, again)
    assert not same(first, other)


@KINDS
def test_training_goes_on_from_a_checkpoint_to_the_same_weights(
    name, device, small, images, snapshot, same, tmp_path
):
    class KilledError(Exception):
        pass

    def kill_in_the_third(epoch):
        if epoch.epoch == 3:
            raise KilledError

    whole = small(name).fit(images, epochs=4, seed=1, device=device)
    kept = {"epochs": 4, "seed": 1, "checkpoint": tmp_path / "c", "checkpoint_every": 1}
    with pytest.raises(KilledError):
        small(name).fit(images, on_epoch=kill_in_the_third, device=device, **kept)
    resumed = small(name).fit(images, device=device, **kept)
    assert same(snapshot(whole), snapshot(resumed))
    assert resumed.history == whole.history


def test_a_checkpoint_of_another_training_is_refused(small, images, tmp_path):
    small("ae").fit(images, epochs=1, device="cpu", checkpoint=tmp_path / "c")
    with pytest.raises(mia_recon.ModelFileError, match="another training"):
        small("ae", latent=5).fit(images, epochs=2, device="cpu", checkpoint=tmp_path / "c")


def test_a_checkpoint_of_a_later_epoch_is_refused(small, images, tmp_path):
    small("ae").fit(images, epochs=3, device="cpu", checkpoint=tmp_path / "c")
    with pytest.raises(mia_recon.ModelFileError, match="is of epoch 3: expected it to be of the 2"):
        small("ae").fit(images, epochs=2, device="cpu", checkpoint=tmp_path / "c")


def test_an_empty_folder_is_a_place_for_a_checkpoint(small, images, tmp_path):
    small("ae").fit(images, epochs=1, device="cpu", checkpoint=tmp_path)
    resumed = small("ae").fit(images, epochs=2, device="cpu", checkpoint=tmp_path)
    assert len(resumed.history) == 2


def test_a_training_that_breaks_off_keeps_nothing_of_the_one_before(small, images):
    def interrupt(epoch):
        raise KeyboardInterrupt

    detector = small("ae").fit(images, epochs=2, seed=1, device="cpu")
    with pytest.raises(KeyboardInterrupt):
        detector.fit(images, epochs=2, seed=2, device="cpu", on_epoch=interrupt)
    assert (detector.seed, detector.history, detector.score_quantiles) == (2, [], {})
    assert np.isfinite(detector.predict(images, device="cpu").score).all()


@EVERY
def test_training_lowers_the_loss(name, small, images):
    detector = small(name, learning_rate=3e-3).fit(images, epochs=12, device="cpu")
    last = detector.history[-1]
    stage = [losses["loss"] for losses in detector.history if losses.keys() == last.keys()]
    assert stage[-1] < 0.9 * stage[0]


def test_on_epoch_sees_the_losses_may_predict_and_stop(small, images, snapshot, same):
    seen = []

    def watch(epoch):
        before = snapshot(detector)
        seen.append((epoch.epoch, epoch.epochs, epoch.learning_rate, epoch.losses["loss"]))
        detector.predict(images, device="cpu")
        assert same(before, snapshot(detector))
        return epoch.epoch == 2

    detector = small("ae")
    detector.fit(images, epochs=5, device="cpu", on_epoch=watch)
    assert [entry[:3] for entry in seen] == [(1, 5, 1e-3), (2, 5, 1e-3)]
    assert [entry[3] for entry in seen] == [losses["loss"] for losses in detector.history]


@pytest.mark.parametrize(
    ("answer", "epochs"), [(True, 1), (np.True_, 1), (np.False_, 3), (1, 3), ("stop", 3)]
)
def test_only_true_stops_numpy_s_too(answer, epochs, small, images):
    detector = small("ae").fit(images, epochs=3, device="cpu", on_epoch=lambda epoch: answer)
    assert len(detector.history) == epochs


def test_predicting_while_training_does_not_change_the_training(small, images, snapshot, same):
    def watch(epoch):
        watched.predict(images, device="cpu")

    watched, alone = small("ganomaly"), small("ganomaly")
    watched.fit(images, epochs=2, device="cpu", on_epoch=watch)
    alone.fit(images, epochs=2, device="cpu")
    assert same(snapshot(watched), snapshot(alone))


def test_no_epochs_give_the_untrained_network(small, images, snapshot, same):
    assert same(snapshot(small("ae").fit(images, epochs=0, device="cpu")), snapshot(small("ae")))


@pytest.mark.parametrize("count", [2, 9])
def test_a_single_image_left_over_neither_crashes_nor_is_lost(count, small, images):
    detector = small("ae").fit(images[:count], epochs=1, device="cpu")
    assert np.isfinite(detector.predict(images, device="cpu").score).all()


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


def test_a_loss_that_is_not_finite_is_an_error(small, images):
    with pytest.raises(FloatingPointError, match="learning_rate"):
        small("aeu", learning_rate=1e6).fit(images, epochs=30, device="cpu")


@pytest.mark.parametrize("name", ["ae", "ae-ssim", "vae", "ganomaly"])
def test_bf16_trains_as_the_default_does_and_keeps_float32_weights(name, small, images):
    plain = small(name).fit(images, epochs=3, device="cpu").history[-1]["loss"]
    bf16 = small(name, precision="bf16-mixed").fit(images, epochs=3, device="cpu")
    assert bf16.history[-1]["loss"] == pytest.approx(plain, rel=0.05)
    assert {p.dtype for p in bf16.network.parameters()} == {torch.float32}
