"""Pretrained weights: from a file in the formats people have, never random in silence."""

from __future__ import annotations

import pickle
import urllib.error

import mia_ssl
import numpy as np
import pytest
import torch
from mia_ssl.two_stage.backbones import make_trunk
from mia_ssl.two_stage.weights import load_weights
from safetensors.torch import save_file


@pytest.fixture
def trunk():
    return make_trunk("resnet18")[0]


def assert_filled(trunk, state):
    own = trunk.state_dict()
    assert own.keys() == {key for key in state if not key.startswith("fc.")}
    assert all(torch.equal(value, state[key]) for key, value in own.items())


def test_state_dict_of_torch(trunk, trunk_file):
    path, state = trunk_file()
    load_weights(trunk, "resnet18", str(path))
    assert_filled(trunk, state)


def test_safetensors(trunk, trunk_file, tmp_path):
    _, state = trunk_file()
    save_file(state, tmp_path / "w.safetensors")
    load_weights(trunk, "resnet18", str(tmp_path / "w.safetensors"))
    assert_filled(trunk, state)


def test_wrapped_and_prefixed(trunk, trunk_file, tmp_path):
    _, state = trunk_file()
    wrapped = {"epoch": 3, "state_dict": {f"module.{k}": v for k, v in state.items()}}
    torch.save(wrapped, tmp_path / "w.pth")
    load_weights(trunk, "resnet18", str(tmp_path / "w.pth"))
    assert_filled(trunk, state)


def test_numbered_parts_as_in_radimagenet(trunk, trunk_file, tmp_path):
    _, state = trunk_file()
    parts = [name for name, _ in trunk.named_children()]
    numbered = {}
    for key, value in state.items():
        part, _, rest = key.partition(".")
        if part != "fc":
            numbered[f"backbone.{parts.index(part)}.{rest}"] = value
    torch.save(numbered, tmp_path / "w.pt")
    load_weights(trunk, "resnet18", str(tmp_path / "w.pt"))
    assert_filled(trunk, state)


def test_file_of_another_backbone(trunk, trunk_file):
    path, _ = trunk_file("resnet50")
    with pytest.raises(ValueError, match=r"do not fit resnet18: .*another shape"):
        load_weights(trunk, "resnet18", str(path))


def test_file_that_lacks_a_layer(trunk, trunk_file, tmp_path):
    _, state = trunk_file()
    torch.save({k: v for k, v in state.items() if "layer4" not in k}, tmp_path / "w.pth")
    with pytest.raises(ValueError, match=r"are missing \(layer4.0.conv1.weight"):
        load_weights(trunk, "resnet18", str(tmp_path / "w.pth"))


def test_no_such_file_or_name(trunk, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no weights file at .*radimagenet\.pt"):
        load_weights(trunk, "resnet18", str(tmp_path / "radimagenet.pt"))
    with pytest.raises(ValueError, match="did you mean 'IMAGENET1K_V1'"):
        load_weights(trunk, "resnet18", "IMAGENET_V1")


def test_files_that_are_no_state_dict(trunk, tmp_path):
    for name, content in (("a.pth", b"no"), ("b.pth", pickle.dumps({"x": print}))):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ValueError, match=f"{name} is not a state dict"):
            load_weights(trunk, "resnet18", str(tmp_path / name))
    torch.save({"conv1.weight": 3}, tmp_path / "c.pth")
    with pytest.raises(ValueError, match=r"'conv1\.weight' is int"):
        load_weights(trunk, "resnet18", str(tmp_path / "c.pth"))


def test_torchvisions_cache_is_used(trunk, trunk_file, tmp_path, monkeypatch):
    """Under the name that torchvision gives it, and only where its hash is right."""
    path, _ = trunk_file()
    cache = tmp_path / "hub" / "checkpoints"
    cache.mkdir(parents=True)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr(torch.hub, "_hub_dir", None)
    path.rename(cache / "resnet18-f37072fd.pth")
    load_weights(trunk, "resnet18", "IMAGENET1K_V1")
    state = torch.load(cache / "resnet18-f37072fd.pth", weights_only=True)
    assert_filled(trunk, state)


def test_without_network_and_file_one_error_says_what_and_where(trunk, tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr(torch.hub, "_hub_dir", None)

    def no_network(*args, **kwargs):
        raise urllib.error.URLError("no network")

    monkeypatch.setattr(torch.hub, "download_url_to_file", no_network)
    with pytest.raises(FileNotFoundError, match="no network") as error:
        load_weights(trunk, "resnet18", "DEFAULT")
    assert str(tmp_path / "hub" / "checkpoints" / "resnet18-f37072fd.pth") in str(error.value)
    assert "ResNet18_Weights.IMAGENET1K_V1" in str(error.value)


def test_a_detector_is_made_without_a_download_and_reads_its_weights_at_first_use(
    trunk_file, tmp_path, monkeypatch
):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr(torch.hub, "_hub_dir", None)
    asked = []

    def download(url, path, *args, **kwargs):
        asked.append(url)
        trunk_file()[0].rename(path)

    monkeypatch.setattr(torch.hub, "download_url_to_file", download)
    images = np.random.default_rng(0).integers(0, 256, (3, 1, 64, 64)).astype(np.uint8)
    detector = mia_ssl.build("resnet18-imagenet", image_size=64)
    assert not asked
    embeddings = detector.embed(images, device="cpu")
    assert len(asked) == 1
    again = mia_ssl.build("resnet18-imagenet", image_size=64)  # from the cache
    np.testing.assert_array_equal(again.embed(images, device="cpu"), embeddings)
    assert len(asked) == 1
