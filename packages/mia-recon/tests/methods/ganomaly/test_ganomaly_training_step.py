"""The adversarial step against one written out; a collapsed discriminator; both statistics."""

from __future__ import annotations

import copy
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from mia_recon import training_task
from mia_recon._engine.device import make_fabric
from mia_recon.methods.ganomaly import training_step
from mia_recon.methods.ganomaly.training_step import AdversarialTask, redraw
from mia_recon.registry import RECORDS
from torch.nn import functional as F


def task_of(detector):
    fabric = make_fabric("cpu")
    loss = RECORDS["ganomaly"].loss
    return AdversarialTask(loss, detector.network, detector.options, detector.settings, fabric)


def separate_steps(network, batches):
    """The same training with a pass of the discriminator for each purpose."""
    g, d = network.generator, network.discriminator
    optimizers = [torch.optim.Adam(part.parameters(), lr=1e-3) for part in (g, d)]
    for images in batches:
        x = images.double() / 127.5 - 1
        code, fake, second_code = g(x)
        frozen = copy.deepcopy(d)
        image, codes = F.mse_loss(fake, x), F.mse_loss(second_code, code)
        loss = F.mse_loss(frozen(fake)[1], frozen(x)[1]) + 50 * image + codes
        real, false = d(x)[0].sigmoid(), d(fake.detach())[0].sigmoid()
        ones, zeros = torch.ones_like(real), torch.zeros_like(real)
        d_loss = (F.binary_cross_entropy(real, ones) + F.binary_cross_entropy(false, zeros)) / 2
        for optimizer, part_loss in zip(optimizers, (loss, d_loss), strict=True):
            optimizer.zero_grad()
            part_loss.backward()
            optimizer.step()


def test_a_step_is_that_of_two_separate_optimizers(small, images, monkeypatch):
    # In float64: adversarial training makes differences of rounding grow.
    monkeypatch.setattr(training_task, "normalize", lambda x: x.double() / 127.5 - 1)
    detector = small("ganomaly")
    network = detector.network.double().train()
    reference = copy.deepcopy(network)
    batches = torch.from_numpy(images).split(10) * 8
    task = task_of(detector)
    for batch in batches:
        task.step(batch, torch.Generator())
    separate_steps(reference, batches)
    for key, value in reference.state_dict().items():
        torch.testing.assert_close(network.state_dict()[key], value, rtol=1e-8, atol=1e-10)


def test_a_collapsed_discriminator_starts_anew_but_for_its_linear_layers(small, images):
    detector = small("ganomaly")
    task = task_of(detector)
    batch = torch.from_numpy(images)
    task.step(batch, torch.Generator())
    task.end_epoch({"discriminator_loss": 2e-5})
    assert not task.progress["collapsed"]
    task.end_epoch({"discriminator_loss": 5e-6})
    assert task.state_dict()["collapsed"]
    before = {k: v.clone() for k, v in detector.network.discriminator.state_dict().items()}
    redraw(detector.network.discriminator, torch.Generator().manual_seed(0))
    after = detector.network.discriminator.state_dict()
    changed = {key for key in before if not torch.equal(before[key], after[key])}
    assert changed == {
        key for key, value in before.items() if "encoder" in key and "weight" in key
    } | {key for key in before if "encoder" in key and key.endswith("1.bias")}
    assert float(after["encoder.1.0.weight"].std()) == pytest.approx(0.02, rel=0.2)


def test_running_statistics_are_an_option_that_gives_other_scores(small, images):
    own = small("ganomaly").fit(images, epochs=2, device="cpu")
    running = small("ganomaly", bn_mode="running").fit(images, epochs=2, device="cpu")
    for key, value in own.network.state_dict().items():
        assert torch.equal(value, running.network.state_dict()[key])
    scores = [d.predict(images, device="cpu").score for d in (own, running)]
    assert not np.allclose(*scores, rtol=1e-2)


def test_pytorch_without_the_setting_of_kept_buffers_trains_alike(small, images, monkeypatch):
    now = small("ganomaly").fit(images, epochs=1, device="cpu").history
    monkeypatch.setattr(training_step, "functorch_config", SimpleNamespace())  # as before 2.5
    assert small("ganomaly").fit(images, epochs=1, device="cpu").history == now
