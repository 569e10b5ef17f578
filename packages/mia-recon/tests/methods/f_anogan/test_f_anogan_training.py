"""Losses, penalty, both stages and scores of f-anogan, against plain PyTorch."""

from __future__ import annotations

import copy

import mia_recon
import numpy as np
import pytest
import torch
from mia_recon import training_task
from mia_recon._engine.device import make_fabric
from mia_recon.methods.f_anogan import training_step
from mia_recon.methods.f_anogan.training_step import gradient_penalty
from mia_recon.registry import RECORDS

METHOD = RECORDS["f-anogan"]
FABRIC = make_fabric("cpu")


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def test_the_penalty_of_a_linear_discriminator_is_known():
    weight = torch.randn(1, 8, 8, generator=seeded())
    length = float(weight.norm())
    real, fake = torch.randn(2, 5, 1, 8, 8, generator=seeded(1))
    got = gradient_penalty(lambda x: (x * weight).sum((1, 2, 3)), real, fake, seeded(2))
    assert float(got) == pytest.approx((length - 1) ** 2, rel=1e-5)


def test_the_penalty_is_that_of_finite_differences_between_image_and_fake(small):
    judge = small("f-anogan").network.double().discriminator
    real, fake = torch.randn(2, 2, 1, 32, 32, generator=seeded(1), dtype=torch.float64)
    got = gradient_penalty(judge, real, fake, seeded(2))
    share = torch.rand(2, 1, 1, 1, generator=seeded(2)).double()
    between = share * real + (1 - share) * fake
    directions = torch.randn(400, 1, 32, 32, generator=seeded(3), dtype=torch.float64)
    expected = 0.0
    with torch.no_grad():
        for image in between:
            # The mean square of the slope in random directions is the gradient's squared length.
            higher, lower = (judge(image + s * 1e-4 * directions) for s in (1, -1))
            length = ((higher - lower) / 2e-4).square().mean().sqrt()
            expected += float((length - 1).square()) / 2
    assert float(got.detach()) == pytest.approx(expected, rel=0.3)


def written_out(network, batches, draws):
    """Two epochs of the first stage and two of the second, one batch each, in plain PyTorch."""
    g, d, e = network.generator, network.discriminator, network.encoder
    rates = ((g, 1e-3), (d, 1e-3), (e, 2e-4))
    of_g, of_d, of_e = (
        torch.optim.Adam(part.parameters(), lr=rate, betas=(0.0, 0.9)) for part, rate in rates
    )

    def update(optimizer, value):
        for other in (of_g, of_d, of_e):
            other.zero_grad()
        value.backward()
        optimizer.step()

    for number, images in enumerate(batches):
        x = images.double() / 127.5 - 1
        if number < 2:
            fake = g(torch.randn(len(x), network.latent, generator=draws, dtype=x.dtype)).detach()
            share = torch.rand(len(x), 1, 1, 1, generator=draws)
            between = (share * x + (1 - share) * fake).requires_grad_()
            slopes = torch.autograd.grad(d(between).sum(), between, create_graph=True)[0]
            penalty = ((slopes.flatten(1).square().sum(1).sqrt() - 1) ** 2).mean()
            update(of_d, d(fake).mean() - d(x).mean() + 10 * penalty)
            update(
                of_g,
                -d(g(torch.randn(len(x), network.latent, generator=draws, dtype=x.dtype))).mean(),
            )
            continue
        g.eval()
        rebuilt = g(e(x))
        update(
            of_e,
            (x - rebuilt).square().mean() + (d.features(x) - d.features(rebuilt)).square().mean(),
        )


def test_both_stages_are_those_written_out(small, images, monkeypatch):
    # In float64: adversarial training makes differences of rounding grow.
    for module in (training_step, training_task):
        monkeypatch.setattr(module, "normalize", lambda x: x.double() / 127.5 - 1)
    detector = small(
        "f-anogan", epochs=4, steps_per_epoch=1, learning_rate=1e-3, encoder_learning_rate=2e-4
    )
    network = detector.network.double().train()
    reference, start = copy.deepcopy(network), copy.deepcopy(network)
    task = METHOD.make_task(network, detector.options, detector.settings, FABRIC)
    batches = torch.from_numpy(images).split(5)
    draws, kept, rates = seeded(7), [], []
    for batch in batches:
        task.step(batch, draws)
        rates.append(task.end_epoch({}))
        kept.append({key: value.clone() for key, value in network.state_dict().items()})
    written_out(reference, batches, seeded(7))
    for key, value in reference.state_dict().items():
        torch.testing.assert_close(kept[3][key], value, rtol=1e-8, atol=1e-10)
    assert rates == [1e-3, 1e-3, 2e-4, 2e-4]
    # The first stage leaves the encoder alone; the second leaves all but the encoder alone,
    # statistics of BatchNorm included.
    for key in kept[0]:
        first, second = start.state_dict()[key], kept[3][key]
        is_encoder = key.startswith("encoder")
        assert torch.equal(kept[1][key], first if is_encoder else second)
        if key.endswith("weight"):
            assert not torch.equal(kept[1][key], second if is_encoder else first)


def test_the_stages_report_their_own_losses(small, images):
    detector = small("f-anogan").fit(images, epochs=2, device="cpu")
    first, second = detector.history
    assert set(first) == {"loss", "discriminator_loss", "distance", "penalty"}
    assert first["discriminator_loss"] == pytest.approx(10 * first["penalty"] - first["distance"])
    assert set(second) == {"loss", "image", "feature"}
    assert second["loss"] == pytest.approx(second["image"] + second["feature"])


def test_map_and_score_are_the_errors_of_image_and_features(small, images):
    detector = small("f-anogan", feature_weight=0.5).fit(images, epochs=2, device="cpu")
    prediction = detector.predict(images, device="cpu")
    network = detector.network.eval()
    x = torch.from_numpy(images).float() / 127.5 - 1
    with torch.no_grad():
        rebuilt = network.generator(network.encoder(x))
        a, b = (network.discriminator.features(z).numpy() for z in (x, rebuilt))
    error = (x - rebuilt).numpy()
    np.testing.assert_allclose(prediction.map, np.abs(error).mean(1), rtol=1e-4, atol=1e-5)
    expected = (error**2).mean((1, 2, 3)) + 0.5 * ((a - b) ** 2).mean(1)
    np.testing.assert_allclose(prediction.score, expected, rtol=1e-4)
    found = detector.reconstruct(images, device="cpu")
    np.testing.assert_allclose(found, (rebuilt + 1) / 2, rtol=0, atol=1e-5)


def test_a_checkpoint_of_another_number_of_epochs_is_refused(small, images, tmp_path):
    """The second stage would begin elsewhere."""
    kept = {"device": "cpu", "checkpoint": tmp_path / "c", "checkpoint_every": 1}
    small("f-anogan").fit(images, epochs=1, **kept)
    with pytest.raises(mia_recon.ModelFileError, match="another training"):
        small("f-anogan").fit(images, epochs=2, **kept)


def test_wrong_options_are_refused():
    for options, message in (
        ({"image_size": 48}, "image_size to be one of 32, 64, 128, got 48"),
        ({"width": 0}, "width"),
        ({"penalty_weight": -1.0}, "penalty_weight to be finite and 0 or above, got -1"),
        ({"encoder_learning_rate": 0.0}, "encoder_learning_rate to be above 0"),
    ):
        with pytest.raises(ValueError, match=message):
            mia_recon.build("f-anogan", **options)


def test_training_on_real_images_beats_the_untrained_network(chests, auroc):
    train, test = chests
    detector = mia_recon.build(
        "f-anogan",
        image_size=32,
        width=8,
        batch_size=8,
        steps_per_epoch=10,
        learning_rate=1e-3,
        encoder_learning_rate=1e-3,
    )
    untrained = auroc(detector.predict(test, device="cpu").score)
    detector.fit(train, epochs=8, device="cpu")
    assert auroc(detector.predict(test, device="cpu").score) > untrained + 0.05
