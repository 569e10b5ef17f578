"""The U-Net against that of diffusers."""

import pytest
import torch
from mia_recon.networks.diffusion_unet import DiffusionUNet, Downsample, Upsample


def copy_block(ours, theirs, attention=None):
    for name in ("norm1", "conv1", "norm2", "conv2"):
        getattr(theirs, name).load_state_dict(getattr(ours, name).state_dict())
    theirs.time_emb_proj.load_state_dict(ours.time.state_dict())
    if theirs.conv_shortcut is not None:
        theirs.conv_shortcut.load_state_dict(ours.shortcut.state_dict())
    if attention is not None:
        attention.group_norm.load_state_dict(ours.attention.norm.state_dict())
        weights, biases = (
            getattr(ours.attention.projections, name).chunk(3) for name in ("weight", "bias")
        )
        for name, weight, bias in zip(("to_q", "to_k", "to_v"), weights, biases, strict=True):
            getattr(attention, name).load_state_dict({"weight": weight, "bias": bias})
        attention.to_out[0].load_state_dict(ours.attention.out.state_dict())


def copy_blocks(ours, blocks):
    """Copy a sequence of blocks, one size after another."""
    layers = iter(ours)
    for block in blocks:
        attentions = getattr(block, "attentions", [None] * len(block.resnets))
        for resnet, attention in zip(block.resnets, attentions, strict=True):
            copy_block(next(layers), resnet, attention)
        for sampler in (
            getattr(block, "downsamplers", None) or getattr(block, "upsamplers", []) or []
        ):
            layer = next(layers)
            assert isinstance(layer, (Downsample, Upsample))
            sampler.conv.load_state_dict(layer.conv.state_dict())
    assert next(layers, None) is None


@pytest.mark.parametrize(("blocks", "heads"), [(1, 1), (2, 2)])
def test_output_equals_that_of_diffusers(blocks, heads):
    diffusers = pytest.importorskip("diffusers")
    torch.manual_seed(0)
    ours = DiffusionUNet(
        1, channels=[32, 64, 64], attention=[False, True, True], blocks=blocks, heads=heads
    )
    theirs = diffusers.UNet2DModel(
        in_channels=1,
        out_channels=1,
        block_out_channels=(32, 64, 64),
        layers_per_block=blocks,
        attention_head_dim=64 // heads,
        down_block_types=("DownBlock2D", "AttnDownBlock2D", "AttnDownBlock2D"),
        up_block_types=("AttnUpBlock2D", "AttnUpBlock2D", "UpBlock2D"),
    )
    theirs.time_embedding.linear_1.load_state_dict(ours.time[0].state_dict())
    theirs.time_embedding.linear_2.load_state_dict(ours.time[2].state_dict())
    theirs.conv_in.load_state_dict(ours.first.state_dict())
    copy_blocks(ours.down, theirs.down_blocks)
    copy_blocks(ours.middle, [type("Middle", (), {
        "resnets": theirs.mid_block.resnets, "attentions": [theirs.mid_block.attentions[0], None]
    })])  # fmt: skip
    copy_blocks(ours.up, theirs.up_blocks)
    theirs.conv_norm_out.load_state_dict(ours.last[0].state_dict())
    theirs.conv_out.load_state_dict(ours.last[2].state_dict())
    x, steps = torch.randn(3, 1, 16, 16), torch.tensor([0, 400, 999])
    with torch.no_grad():
        torch.testing.assert_close(ours(x, steps), theirs(x, steps).sample, rtol=1e-4, atol=1e-5)
    count = sum(each.numel() for each in theirs.parameters())
    assert sum(each.numel() for each in ours.parameters()) == count


def test_the_last_convolutions_begin_at_zero():
    unet = DiffusionUNet(1, channels=[32, 32], attention=[False, True], blocks=1, heads=1)
    unet.zero_last()
    assert not unet(torch.randn(2, 1, 8, 8), torch.tensor([3, 4])).any()
