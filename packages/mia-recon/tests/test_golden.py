"""The original networks' outputs, with weights filled by the golden values' rule."""

from __future__ import annotations

import mia_recon
import numpy as np
import pytest
import torch
from mia_recon._engine.repeatable import repeatable
from mia_recon.method import normalize
from mia_recon.methods import dae, vae
from mia_recon.registry import RECORDS

TOLERANCE = 1e-4
# ceae scores as ae, and has its weights.
NO_GOLDEN = {"ceae", "ae-perceptual", "fae-mse", "fae-ssim", "rd", "rd++", "recontrast", "f-anogan"}
NO_GOLDEN |= {"anoddpm", "anoddpm-simplex", "autoddpm"}


@pytest.fixture(params=sorted(RECORDS.keys() - NO_GOLDEN))
def case(request, shared, checkpoint_of):
    golden = np.load(shared / "golden" / f"{request.param}.npz", allow_pickle=False)
    size = golden["image"].shape[-1]
    path = checkpoint_of(request.param, int(golden["seed"]))
    return golden, mia_recon.load_medianomaly(request.param, path, image_size=size)


def assert_close(got, expected):
    """Equal to a relative tolerance of the largest value."""
    scale = np.abs(expected).max()
    np.testing.assert_allclose(np.asarray(got), expected, rtol=0, atol=TOLERANCE * scale)


def test_scores_and_maps_are_those_of_the_original(device, case):
    golden, detector = case
    prediction = detector.predict(golden["image"], device=device)
    np.testing.assert_allclose(prediction.score, golden["score"], rtol=TOLERANCE)
    assert ("map" in golden) == (prediction.map is not None)
    if prediction.map is not None:
        assert_close(prediction.map, golden["map"])


def test_training_losses_are_those_of_the_original(device, case):
    golden, detector = case
    network = detector.network.train().to(device)
    images = normalize(torch.from_numpy(golden["image"]).to(device))
    with repeatable(torch.device(device), full_precision=True):
        losses = _losses(detector, network, images)
    assert float(losses["loss"].detach()) == pytest.approx(golden["train_loss"], rel=TOLERANCE)
    if "discriminator_loss" in golden:
        got = float(losses["discriminator_loss"].detach())
        assert got == pytest.approx(golden["discriminator_loss"], rel=TOLERANCE)


def _losses(detector, network, images):
    """Losses as the golden values have them: nothing is drawn at random."""
    if detector.info.name.startswith("vae"):
        still = torch.zeros(len(images), detector.options.latent, device=images.device)
        return vae.bound(network, images, detector.options, still)
    if detector.info.name == "dae":
        return {"loss": dae.denoising_error(network, images, images)}
    loss = RECORDS[detector.info.name].loss
    return loss(network, images, detector.options, torch.Generator(images.device))


def test_ceae_scores_as_ae_with_the_same_weights(shared, checkpoint_of):
    golden = np.load(shared / "golden" / "ae.npz", allow_pickle=False)
    detector = mia_recon.load_medianomaly("ceae", checkpoint_of("ae", int(golden["seed"])))
    np.testing.assert_allclose(
        detector.predict(golden["image"], device="cpu").score, golden["score"], rtol=TOLERANCE
    )
