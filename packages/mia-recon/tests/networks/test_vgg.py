"""VGG19's features: torchvision's own, or an error; never a random network."""

from __future__ import annotations

import mia_recon
import pytest
import torch
import torchvision
from mia_recon.networks import vgg


def test_features_are_those_of_torchvision_with_the_same_weights(vgg_file):
    reference = torchvision.models.vgg19().features[:23].eval()  # up to relu4_2
    state = torch.load(vgg_file, weights_only=True)
    reference.load_state_dict({key.removeprefix("features."): v for key, v in state.items()})
    ours = vgg.load_vgg19(str(vgg_file), torch.device("cpu"))
    gray = torch.rand(2, 1, 32, 32, generator=torch.Generator().manual_seed(0)) * 2 - 1
    prepared = torchvision.transforms.functional.normalize(
        (gray.expand(-1, 3, -1, -1) + 1) / 2, [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
    )
    torch.testing.assert_close(vgg.features(ours, gray), reference(prepared))
    assert not any(parameter.requires_grad for parameter in ours.parameters())


def test_a_path_that_is_not_there_is_an_error(images):
    detector = mia_recon.build("ae-perceptual", image_size=32, weights="absent.pth")
    with pytest.raises(FileNotFoundError, match=r"absent\.pth"):
        detector.predict(images, device="cpu")


def test_a_file_of_another_network_is_an_error(images, tmp_path):
    torch.save({"features.0.weight": torch.zeros(64, 3, 7, 7)}, tmp_path / "other.pth")
    detector = mia_recon.build("ae-perceptual", image_size=32, weights=str(tmp_path / "other.pth"))
    with pytest.raises(ValueError, match=r"features.0.weight of \(64, 3, 3, 3\)"):
        detector.predict(images, device="cpu")


def test_an_empty_cache_without_network_says_what_to_download_and_where_to(
    images, tmp_path, monkeypatch
):
    def unreachable(*args, **kwargs):
        message = "no network"
        raise OSError(message)

    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr("torch.hub.download_url_to_file", unreachable)
    with pytest.raises(FileNotFoundError, match=r"download https://.*vgg19.*put it at") as caught:
        mia_recon.build("ae-perceptual", image_size=32).predict(images, device="cpu")
    assert str(tmp_path) in str(caught.value)
