"""Networks of timm from a file: timm's own features, or a clear error."""

from __future__ import annotations

import pytest
import timm
import torch
from mia_recon._engine.backbones import Backbone
from safetensors.torch import save_file

X = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("name", ["resnet10t", "vit_tiny_patch16_224"])
def test_features_are_those_of_timm_with_the_weights_of_a_file(name, tmp_path):
    whole = timm.create_model(name)
    save_file(whole.state_dict(), tmp_path / "weights.safetensors")
    size = 224 if name.startswith("vit") else 64
    x = torch.nn.functional.interpolate(X, size=(size, size), mode="bilinear")
    backbone = Backbone(f"timm:{name}", str(tmp_path / "weights.safetensors"))
    before = torch.get_rng_state()
    got = backbone(x, range(len(backbone.channels)))
    assert torch.equal(before, torch.get_rng_state())
    mean, std = (torch.tensor(whole.pretrained_cfg[k]).view(3, 1, 1) for k in ("mean", "std"))
    normalized = (x - mean) / std
    if name.startswith("vit"):
        expected = whole.eval().forward_intermediates(
            normalized, indices=[9, 10, 11], intermediates_only=True, norm=False
        )
        pairs = zip(got[-3:], expected, strict=True)
    else:
        last = whole.eval().forward_features(normalized)
        pairs = zip(got[-1:], [last], strict=True)
    for features, wanted in pairs:
        torch.testing.assert_close(features, wanted, rtol=1e-4, atol=1e-4)


def test_without_a_file_it_says_so():
    with pytest.raises(FileNotFoundError, match=r"timm:resnet10t needs weights=PATH"):
        Backbone("timm:resnet10t")(X, [0])


def test_a_network_that_timm_does_not_have_is_an_error():
    with pytest.raises(ValueError, match="timm has no network 'resnet9000'"):
        Backbone("timm:resnet9000")
