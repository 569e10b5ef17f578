"""The training step: its classes, its rate, its frozen trunk."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from mia_ssl._engine.device import make_fabric
from mia_ssl._engine.seeding import generator
from mia_ssl._engine.settings import Settings
from mia_ssl.two_stage.color_jitter import JitterFactors, jitter_images
from mia_ssl.two_stage.methods import RECORDS
from mia_ssl.two_stage.network import draw_network
from mia_ssl.two_stage.options import TwoStageOptions
from mia_ssl.two_stage.paste_region import PasteRegion
from mia_ssl.two_stage.task import TwoStageTask, learning_rate, paste_copies


@pytest.fixture
def make_task():
    def make(name="cutpaste-2stage", learning_rate=0.03, **options):
        method = RECORDS[name]
        chosen = TwoStageOptions(**options)
        classes = 1 + len(method.pastes)
        network = draw_network(chosen.backbone, chosen.head, classes, generator(0, 0))
        return TwoStageTask(
            method,
            network.train(),
            options=chosen,
            paste_options=method.paste_options(),
            settings=Settings(epochs=4, batch_size=4, learning_rate=learning_rate),
            fabric=make_fabric("cpu"),
            seed=0,
            epochs=4,
        )

    return make


def test_a_paste_of_each_kind_for_each_image(coordinates):
    images = coordinates(4, 64)
    before = images.clone()
    method = RECORDS["cutpaste-3way-2stage"]
    copies = images.new_zeros(2, *images.shape)
    paste_copies(method, images, generator(0, 3), method.paste_options(jitter=0), None, out=copies)
    assert torch.equal(images, before)
    for copy in copies:
        assert (copy != images).any(1).any((1, 2)).all()


@pytest.mark.parametrize("period", [5, 100])
def test_rate_is_that_of_torchs_scheduler_stepped_as_the_original_does(period):
    """Told the number of each epoch after it."""
    parameter = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([parameter], lr=0.03)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(optimizer, period)
    for epoch in range(130):
        had = optimizer.param_groups[0]["lr"]
        assert learning_rate(0.03, epoch, period) == pytest.approx(had, rel=1e-12, abs=1e-18)
        optimizer.step()
        scheduler.step(epoch)


def test_first_two_epochs_have_the_full_rate_and_the_last_of_100_a_thousandth():
    rates = [learning_rate(0.03, epoch, 100) for epoch in range(100)]
    assert rates[0] == rates[1] == 0.03
    assert rates[2] < 0.03
    assert rates[99] == pytest.approx(3e-5, rel=0.02)


def test_end_of_an_epoch_gives_its_rate_and_sets_the_next(make_task):
    task = make_task()
    rates = [task.end_epoch({}) for _ in range(4)]
    assert rates == pytest.approx([learning_rate(0.03, epoch, 4) for epoch in range(4)])
    assert rates[:2] == [0.03, 0.03]


class Recorded:
    """Stands for a task's network step: keeps the batch that it was given."""

    def __init__(self, task, monkeypatch):
        self.batches = []
        embed = task._embed
        monkeypatch.setattr(task, "_embed", lambda x: self.batches.append(x.clone()) or embed(x))

    def gray_levels(self, copies):
        """uint8 [copies, B, C, S, S] of the last batch."""
        x = (self.batches[-1] * 0.5 + 0.5) * 255
        return x.round().to(torch.uint8).unflatten(0, (copies, -1))


@pytest.mark.parametrize("name", ["cutpaste-2stage", "cutpaste-3way-2stage", "anatpaste"])
def test_originals_and_copies_are_made_from_the_jittered_images(
    name, make_task, colors, monkeypatch
):
    images = colors(8, 96)
    task = make_task(name)
    seen = []
    task.find_region = lambda originals: (
        seen.append(originals.clone()) or PasteRegion.find(originals, "image")
    )
    recorded = Recorded(task, monkeypatch)
    task.step(images, torch.Generator())
    originals, *copies = recorded.gray_levels(1 + len(task.method.pastes))
    factors = JitterFactors.draw(
        torch.rand(8, 4, generator=generator(0, 3, 0), dtype=torch.float64), 0.1
    )
    expected = torch.empty_like(images)
    jitter_images(images, factors, out=expected)
    assert torch.equal(originals, expected)
    assert torch.equal(seen[0], expected)  # regions are found there too
    assert ((originals != images).float().mean((1, 2, 3)) > 0.5).all()
    for copy in copies:
        same = (copy == originals).all(1).float().mean((1, 2))
        assert (same > 0.8).all()  # apart from the paste
        assert (same < 1).all()


def test_without_jitter_the_originals_stay(make_task, colors, monkeypatch):
    images = colors(4, 64)
    task = make_task(image_jitter=0)
    recorded = Recorded(task, monkeypatch)
    task.step(images, torch.Generator())
    assert torch.equal(recorded.gray_levels(2)[0], images)


def test_steps_lower_the_loss_on_pastes_that_stand_out(make_task):
    task = make_task(learning_rate=0.003)  # at ten times that, few steps go up and down
    draws = torch.Generator().manual_seed(0)
    losses = []
    for _ in range(16):
        images = torch.full((8, 1, 64, 64), 60, dtype=torch.uint8)
        images[:, :, :, 32:] = 200  # any paste across shows
        losses.append(task.step(images, draws)["loss"].item())
    assert np.mean(losses[-4:]) < 0.8 * np.mean(losses[:4])


def test_frozen_trunk_learns_nothing_and_the_head_does(make_task, trunk_file, noise):
    path, _ = trunk_file()
    task = make_task(weights=str(path), freeze_epochs=1)
    images = torch.from_numpy(noise(4))
    before = {key: value.clone() for key, value in task.network.state_dict().items()}
    task.step(images, torch.Generator())
    changed = {
        key
        for key, value in task.network.state_dict().items()
        if not torch.equal(value, before[key])
    }
    assert changed
    assert not any(key.startswith("trunk.") for key in changed)
    task.end_epoch({})
    task.step(images, torch.Generator())
    now = task.network.state_dict()
    assert not torch.equal(now["trunk.conv1.weight"], before["trunk.conv1.weight"])
    assert not torch.equal(now["trunk.bn1.running_mean"], before["trunk.bn1.running_mean"])


def test_dropout_draws_from_the_seed_and_not_from_the_global_generator(make_task, noise):
    images = torch.from_numpy(noise(4))
    states = []
    for _ in range(2):
        torch.rand(3)  # moves the global generator
        before = torch.get_rng_state()
        task = make_task(backbone="efficientnet_b0", head=(8,))
        task.step(images, torch.Generator())
        assert torch.equal(torch.get_rng_state(), before)
        states.append(task.network.state_dict())
    assert all(torch.equal(value, states[1][key]) for key, value in states[0].items())
