"""Training in the Detector contract: seeds, checkpoints, ``on_epoch``, losses that fall."""

from __future__ import annotations

import mia_recon
import numpy as np
import pytest
import torch
from mia_recon.registry import RECORDS

# One of each training task, of each source of randomness, and of what is measured before training.
OF_EACH_KIND = ["ae", "vae", "ceae", "ganomaly", "dae", "ae-perceptual", "recontrast", "f-anogan"]
OF_EACH_KIND += ["rd++", "anoddpm-simplex"]
KINDS = pytest.mark.parametrize("name", OF_EACH_KIND)
FEW = 12  # a batch of 8 and one of 4
# methods/test_anoddpm_methods.py and test_rd_method.py test it for longer and shorter trainings;
# methods/test_autoddpm_method.py that autoddpm has the history of anoddpm.
LOWER_LOSS_ELSEWHERE = {"anoddpm", "anoddpm-simplex", "autoddpm", "rd"}


@KINDS
def test_the_seed_decides_the_weights(name, device, small, images, snapshot, same):
    first, again, other = (
        snapshot(small(name).fit(images[:FEW], epochs=2, seed=seed, device=device))
        for seed in (5, 5, 6)
    )
    assert same(first, again)
    assert not same(first, other)


@pytest.mark.parametrize("name", ["ae", "dae"])
def test_two_threads_repeat_a_training_too(name, small, images, snapshot, same):
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        first, again = (snapshot(small(name).fit(images, epochs=1, device="cpu")) for _ in "ab")
    finally:
        torch.set_num_threads(before)
    assert same(first, again)


@KINDS
def test_training_goes_on_from_a_checkpoint_to_the_same_weights(
    name, device, small, images, snapshot, same, tmp_path
):
    class KilledError(Exception):
        pass

    def kill_in_the_third(epoch):
        if epoch.epoch == 3:
            raise KilledError

    images = images[:FEW]
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


@pytest.mark.parametrize("name", [name for name in RECORDS if name not in LOWER_LOSS_ELSEWHERE])
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


def test_a_loss_that_is_not_finite_is_an_error(small, images):
    with pytest.raises(FloatingPointError, match="learning_rate"):
        small("aeu", learning_rate=1e6).fit(images, epochs=30, device="cpu")


@pytest.mark.parametrize("name", ["ae", "ae-ssim", "vae", "ganomaly"])
def test_bf16_trains_as_the_default_does_and_keeps_float32_weights(name, small, images):
    plain = small(name).fit(images, epochs=3, device="cpu").history[-1]["loss"]
    bf16 = small(name, precision="bf16-mixed").fit(images, epochs=3, device="cpu")
    assert bf16.history[-1]["loss"] == pytest.approx(plain, rel=0.05)
    assert {p.dtype for p in bf16.network.parameters()} == {torch.float32}
