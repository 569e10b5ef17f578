"""What is decoded: the mean, a sample in training, and at test time only where asked."""

from __future__ import annotations

import numpy as np
import torch
from mia_recon.methods import vae


def test_training_samples_from_the_generator(small, x):
    detector = small("vae")
    network = detector.network.train()
    noise = torch.randn(4, 4, generator=torch.Generator().manual_seed(9))
    got = vae.loss(network, x, detector.options, torch.Generator().manual_seed(9))
    expected = vae.bound(network, x, detector.options, noise)
    other = vae.loss(network, x, detector.options, torch.Generator().manual_seed(10))
    torch.testing.assert_close(got["loss"], expected["loss"])
    assert got["loss"] != other["loss"]
    total = got["reconstruction"] + detector.options.kl_weight * got["kl"]
    torch.testing.assert_close(got["loss"], total)


def test_sampling_at_test_is_the_image_s_own_whatever_the_batch(small, images):
    plain, sampled = small("vae"), small("vae", sample_at_test=True)
    with torch.no_grad():  # wide distributions, so that the sample shows in the score
        sampled.network.to_code[3].bias[4:] += 6
    scores = sampled.predict(images, device="cpu").score
    assert not np.allclose(scores, plain.predict(images, device="cpu").score, rtol=1e-3)
    alone = sampled.predict(images, batch_size=1, device="cpu").score
    backwards = sampled.predict(images[::-1], batch_size=6, device="cpu").score
    np.testing.assert_allclose(alone, scores, rtol=1e-4)
    np.testing.assert_allclose(backwards[::-1], scores, rtol=1e-4)


def test_the_noise_of_images_is_standard_normal():
    x = torch.rand(500, 1, 4, 4, generator=torch.Generator().manual_seed(0))
    noise = vae.noise_of_images(x, 20)
    assert abs(float(noise.mean())) < 0.03
    assert abs(float(noise.std()) - 1) < 0.03
    assert len(noise[:, 0].unique()) == 500


def test_combi_is_error_times_gradient_of_the_divergence(small, images):
    detectors = {name: small(name) for name in ("vae", "vae-kl", "vae-combi")}
    maps = {name: d.predict(images, device="cpu").map for name, d in detectors.items()}
    np.testing.assert_allclose(
        maps["vae-combi"], maps["vae"] * maps["vae-kl"], rtol=1e-4, atol=1e-12
    )
