"""ImageNorm is BatchNorm in training mode on a batch of one, without its side effects."""

from __future__ import annotations

import pytest
import torch
from mia_recon.methods.ganomaly.network import ImageNorm
from torch import nn


@pytest.fixture
def norm():
    layer = ImageNorm(3)
    nn.init.normal_(layer.weight, generator=torch.Generator().manual_seed(0))
    nn.init.normal_(layer.bias, generator=torch.Generator().manual_seed(1))
    return layer


def test_evaluating_a_batch_is_training_mode_for_each_image(norm):
    x = torch.randn(4, 3, 5, 5, generator=torch.Generator().manual_seed(2))
    reference = nn.BatchNorm2d(3).train()
    reference.load_state_dict(norm.state_dict())
    expected = torch.cat([reference(image[None]) for image in x])
    before = {key: value.clone() for key, value in norm.state_dict().items()}
    torch.testing.assert_close(norm.eval()(x), expected)
    assert all(torch.equal(before[key], value) for key, value in norm.state_dict().items())


def test_training_is_that_of_batchnorm(norm):
    x = torch.randn(4, 3, 5, 5, generator=torch.Generator().manual_seed(2))
    reference = nn.BatchNorm2d(3).train()
    reference.load_state_dict(norm.state_dict())
    torch.testing.assert_close(norm.train()(x), reference(x))
    torch.testing.assert_close(norm.running_var, reference.running_var)
