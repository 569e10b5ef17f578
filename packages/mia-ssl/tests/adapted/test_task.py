"""One training step against SGD written out."""

from __future__ import annotations

import pytest
import torch
from mia_ssl._engine.device import make_fabric
from mia_ssl._engine.settings import Settings
from mia_ssl.adapted.methods.panda import PANDA, PandaOptions, compactness
from mia_ssl.adapted.task import AdaptedTask


@pytest.fixture
def images():
    generator = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, (4, 1, 64, 64), dtype=torch.uint8, generator=generator)


def test_two_steps_are_sgd_with_momentum_decay_and_a_clipped_gradient(started, images):
    network, twin = started(crop=PANDA.crop), started(crop=PANDA.crop)
    options = PandaOptions(weight_decay=0.01)
    center = torch.linspace(0, 1, 10)
    task = AdaptedTask(
        PANDA,
        network,
        center=center,
        penalty=None,
        options=options,
        settings=Settings(epochs=1, batch_size=4, learning_rate=0.5),
        fabric=make_fabric("cpu"),
    )
    speed = [torch.zeros_like(p) for p in twin.parameters()]
    for _ in range(2):
        got = task.step(images, torch.Generator())["loss"]
        loss = compactness(twin(images), center)
        assert float(got) == pytest.approx(float(loss.detach()), rel=1e-5)
        gradients = torch.autograd.grad(loss, list(twin.parameters()))
        norm = torch.stack([g.square().sum() for g in gradients]).sum().sqrt()
        assert norm > 1e-3  # so that clipping shows
        with torch.no_grad():
            for v, p, g in zip(speed, twin.parameters(), gradients, strict=True):
                v.mul_(0.9).add_(g * 1e-3 / norm + 0.01 * p)
                p -= 0.5 * v
    for p, expected in zip(network.parameters(), twin.parameters(), strict=True):
        torch.testing.assert_close(p, expected, rtol=1e-4, atol=1e-6)


def test_the_penalty_is_part_of_the_loss(started, images):
    network = started()
    settings = Settings(epochs=1, batch_size=4, learning_rate=0.5)
    losses = [
        AdaptedTask(
            PANDA,
            started(),
            center=torch.zeros(10),
            penalty=penalty,
            options=PandaOptions(),
            settings=settings,
            fabric=make_fabric("cpu"),
        ).step(images, torch.Generator())
        for penalty in (None, lambda: next(network.parameters()).sum() * 0 + 3)
    ]
    assert float(losses[1]["loss"]) == pytest.approx(float(losses[0]["loss"]) + 3, rel=1e-5)
    assert float(losses[1]["penalty"]) == 3
