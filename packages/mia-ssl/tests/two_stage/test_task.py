"""The training step: its classes, its rate, its frozen trunk."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from mia_ssl._engine.device import make_fabric
from mia_ssl._engine.seeding import generator
from mia_ssl._engine.settings import Settings
from mia_ssl.two_stage.methods import RECORDS
from mia_ssl.two_stage.network import draw_network
from mia_ssl.two_stage.options import TwoStageOptions
from mia_ssl.two_stage.task import TwoStageTask, cosine_rate, paste_copies


@pytest.fixture
def make_task():
    def make(name="cutpaste-2stage", **options):
        method = RECORDS[name]
        chosen = TwoStageOptions(**options)
        classes = 1 + len(method.pastes)
        network = draw_network(chosen.backbone, chosen.head, classes, generator(0, 0))
        return TwoStageTask(
            method,
            network.train(),
            options=chosen,
            paste_options=method.paste_options(),
            settings=Settings(epochs=4, batch_size=4, learning_rate=0.03),
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


def test_rate_is_a_cosine_with_restarts_as_in_torch():
    parameter = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([parameter], lr=0.03)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(optimizer, 5)
    for epoch in range(12):
        assert cosine_rate(0.03, epoch, 5) == pytest.approx(scheduler.get_last_lr()[0])
        optimizer.step()
        scheduler.step()


def test_end_of_an_epoch_gives_its_rate_and_lowers_the_next(make_task):
    task = make_task()
    assert task.end_epoch({}) == 0.03
    assert task.end_epoch({}) == pytest.approx(0.03 * (1 + math.cos(math.pi / 4)) / 2)


def test_steps_lower_the_loss_on_pastes_that_stand_out(make_task):
    task = make_task()
    draws = torch.Generator().manual_seed(0)
    losses = []
    for _ in range(10):
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
