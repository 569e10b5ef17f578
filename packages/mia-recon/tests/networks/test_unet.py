"""Weight standardization by its definition, group counts, and sizes."""

from __future__ import annotations

import pytest
import torch
from mia_recon.networks.unet import UNet, WeightStandardizedConv2d, groups_of


def test_the_filters_used_have_mean_0_and_deviation_1():
    conv = WeightStandardizedConv2d(2, 3, bias=False)
    torch.nn.init.normal_(conv.weight, 2, 5, generator=torch.Generator().manual_seed(0))
    # What each weight adds: the answer to images with a single pixel.
    impulses = torch.eye(18).view(18, 2, 3, 3)
    used = conv(impulses)[:, :, 1, 1].T
    torch.testing.assert_close(used.mean(1), torch.zeros(3), rtol=0, atol=1e-5)
    torch.testing.assert_close(used.std(1), torch.ones(3), rtol=1e-4, atol=0)


@pytest.mark.parametrize(("channels", "groups"), [(64, 8), (128, 16), (512, 32), (48, 8), (7, 7)])
def test_groups_divide_the_channels_near_their_root(channels, groups):
    assert groups_of(channels) == groups


@pytest.mark.parametrize("depth", [1, 2, 4])
def test_any_depth_gives_the_image_s_size(depth):
    x = torch.zeros(2, 3, 24, 24)
    assert UNet(3, depth=depth, filters=4)(x).shape == x.shape
