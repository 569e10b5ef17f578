"""Features of torchvision's networks: torchvision's own, or an error; never a random network."""

from __future__ import annotations

import pytest
import torch
import torchvision
import torchvision.models.feature_extraction
from mia_ssl._engine.backbones import Backbone


def weights_file(network, path):
    """A file with small random weights of a network of torchvision."""
    generator = torch.Generator().manual_seed(1)
    state = {}
    for key, value in network.state_dict().items():
        if value.ndim > 1:
            fan_in = value[0].numel()
            state[key] = torch.randn(value.shape, generator=generator) * (2 / fan_in) ** 0.5
        elif key.endswith("num_batches_tracked"):
            continue  # old files lack it
        else:
            state[key] = torch.rand(value.shape, generator=generator) + 0.5
    torch.save(state, path)
    network.load_state_dict(state, strict=False)
    return path


def normalized(gray):
    return torchvision.transforms.functional.normalize(
        gray.expand(-1, 3, -1, -1), [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
    ).contiguous(memory_format=torch.channels_last)


@pytest.fixture
def gray():
    return torch.rand(2, 1, 32, 32, generator=torch.Generator().manual_seed(0))


def test_vgg19_gives_relu4_2(gray, tmp_path):
    features = torchvision.models.vgg19().features[:23].eval()  # up to relu4_2
    weights_file(features, tmp_path / "vgg.pth")
    state = torch.load(tmp_path / "vgg.pth", weights_only=True)
    torch.save({f"features.{key}": value for key, value in state.items()}, tmp_path / "vgg.pth")
    backbone = Backbone("vgg19", str(tmp_path / "vgg.pth"))
    (got,) = backbone(gray, [0])
    torch.testing.assert_close(got, features(normalized(gray)), rtol=1e-5, atol=1e-5)
    assert got.shape[1:] == (backbone.channels[0], *(32 // backbone.strides[0],) * 2)


@pytest.mark.parametrize("with_gradients", [False, True])
@pytest.mark.parametrize("name", ["resnet18", "wide_resnet50_2"])
def test_a_resnet_gives_its_groups(name, with_gradients, gray, tmp_path):
    whole = torchvision.models.get_model(name).eval()
    backbone = Backbone(name, str(weights_file(whole, tmp_path / "resnet.pth")))
    layers = {"maxpool": "0", "layer1": "1", "layer2": "2", "layer3": "3", "layer4": "4"}
    reference = torchvision.models.feature_extraction.create_feature_extractor(whole, layers)
    with torch.set_grad_enabled(with_gradients):
        expected = reference(normalized(gray))
        got = backbone(gray, range(5))
        (alone,) = backbone(gray, [2])
    for number, features in enumerate(got):
        wanted = expected[str(number)]
        # Without gradients other layers compute; of these random weights, thousands cancel out.
        error = 1e-4 if with_gradients else 1e-6 * float(wanted.max())
        torch.testing.assert_close(features, wanted, rtol=1e-4, atol=error)
        side = 32 // backbone.strides[number]
        assert features.shape[1:] == (backbone.channels[number], side, side)
    assert torch.equal(alone, got[2])


def test_it_is_neither_trained_nor_saved_but_its_file_is_known(gray, tmp_path):
    whole = torchvision.models.resnet18()
    backbone = Backbone("resnet18", str(weights_file(whole, tmp_path / "a.pth")))
    backbone.train()
    (first,) = backbone(gray, [1])
    assert torch.equal(first, backbone(gray, [1])[0])  # BatchNorm keeps its statistics
    assert list(backbone.parameters()) == []
    assert list(backbone.state_dict()) == ["weights_sha256"]
    whole.bn1.weight.data += 1
    torch.save(whole.state_dict(), tmp_path / "b.pth")
    other = Backbone("resnet18", str(tmp_path / "b.pth"))
    other.load_state_dict(backbone.state_dict())
    with pytest.raises(ValueError, match=r"b\.pth holds other weights of resnet18"):
        other(gray, [1])


def test_a_path_that_is_not_there_is_an_error(gray):
    with pytest.raises(FileNotFoundError, match=r"absent\.pth.*efficientnet-lite0"):
        Backbone("vgg19", "absent.pth")(gray, [0])


@pytest.mark.parametrize("name", ["vgg19", "resnet18"])
def test_a_file_of_another_network_is_an_error(name, gray, tmp_path):
    torch.save({"features.0.weight": torch.zeros(64, 3, 7, 7)}, tmp_path / "other.pth")
    with pytest.raises(ValueError, match=f"other.pth does not hold torchvision's {name}: expected"):
        Backbone(name, str(tmp_path / "other.pth"))(gray, [0])


def test_an_empty_cache_without_network_says_what_to_download_and_where_to(
    gray, tmp_path, monkeypatch
):
    def unreachable(*args, **kwargs):
        message = "no network"
        raise OSError(message)

    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr("torch.hub.download_url_to_file", unreachable)
    backbone = Backbone("vgg19")  # which downloads nothing
    message = r"download https://.*vgg19.*put it at.*efficientnet-lite0.*no network"
    with pytest.raises(FileNotFoundError, match=message) as caught:
        backbone(gray, [0])
    assert str(tmp_path) in str(caught.value)


def test_a_name_that_is_not_known_is_an_error():
    with pytest.raises(ValueError, match="'resnet81'; did you mean 'resnet18'"):
        Backbone("resnet81")


@pytest.mark.parametrize("name", ["vgg19", "resnet18", "resnet152", "wide_resnet50_2"])
def test_the_default_weights_are_the_file_that_is_looked_for(name, tmp_path, monkeypatch):
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    kind, _, file = Backbone(name).default_weights.partition(":")
    assert kind == "torchvision"
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / file).write_text("no weights")
    with pytest.raises(ValueError, match=f"checkpoints.{file}"):
        Backbone(name).read()
