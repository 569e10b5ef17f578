"""The training loss is pytorch-msssim's, before the map is stretched; MS-SSIM trains too."""

from __future__ import annotations

import mia_recon
import numpy as np
import pytest
import torch
from mia_recon.methods.ae_ssim import METHOD
from pytorch_msssim import ssim


def test_the_training_loss_is_that_of_pytorch_msssim(small, x):
    detector = small("ae-ssim")
    network = detector.network.train()
    loss = METHOD.loss(network, x, detector.options, torch.Generator())["loss"]
    reconstruction = ((network(x) + 1) / 2).clamp(0, 1)
    expected = 1 - ssim((x + 1) / 2, reconstruction, data_range=1.0)
    torch.testing.assert_close(loss, expected, rtol=1e-5, atol=0)


def test_the_border_changes_the_map_but_not_the_training(small, images, snapshot, same):
    stretched, padded = (
        small("ae-ssim", map_border=border).fit(images, epochs=1, device="cpu")
        for border in ("stretch", "pad")
    )
    assert same(snapshot(stretched), snapshot(padded))
    maps = [detector.predict(images, device="cpu").map for detector in (stretched, padded)]
    assert not np.allclose(*maps, rtol=1e-2)


def test_ms_ssim_trains_on_images_that_are_large_enough():
    rng = np.random.default_rng(0)
    coarse = torch.from_numpy(rng.random((6, 1, 6, 6), dtype=np.float32))
    fine = torch.nn.functional.interpolate(coarse, size=(176, 176), mode="bilinear")
    images = (fine * 255).to(torch.uint8).numpy()
    detector = mia_recon.build(
        "ae-ssim", loss="ms-ssim", image_size=176, batch_size=6, latent=4, width=4, hidden=32
    )
    detector.fit(images, epochs=10, device="cpu")
    losses = [epoch["loss"] for epoch in detector.history]
    assert losses[-1] < 0.9 * losses[0]
    assert detector.predict(images, device="cpu").map.shape == (6, 176, 176)


def test_the_golden_loss_is_that_of_the_map_before_it_is_stretched(shared, checkpoint_of):
    """The original trains on the unstretched map: its loss, to more digits than elsewhere."""
    golden = np.load(shared / "golden" / "ae-ssim.npz", allow_pickle=False)
    path = checkpoint_of("ae-ssim", int(golden["seed"]))
    detector = mia_recon.load_medianomaly("ae-ssim", path)
    x = torch.from_numpy(golden["image"]).float() / 127.5 - 1
    loss = METHOD.loss(detector.network.train(), x, detector.options, torch.Generator())["loss"]
    assert float(loss.detach()) == pytest.approx(float(golden["train_loss"]), rel=2e-6)
