"""Whether a method's pretrained weights are on this machine."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from mia_bench.detectors.plugins import find_method, methods
from mia_bench.detectors.pretrained_weights import torchvision_cache, weights_of


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty cache of torchvision."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    folder = tmp_path / "hub" / "checkpoints"
    folder.mkdir(parents=True)
    return folder


def test_a_file_counts_where_torchvision_would_look_for_it(cache):
    weights = weights_of(SimpleNamespace(weights="torchvision:net-1234.pth"))
    assert not weights.are_here
    (cache / "net-1234.pth").touch()
    assert weights.are_here


@pytest.mark.parametrize("variables", [{}, {"TORCH_HOME": "~/t"}, {"XDG_CACHE_HOME": "/x"}])
def test_the_cache_is_that_of_torch_hub(variables, monkeypatch):
    for name in ("TORCH_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert torchvision_cache() == Path(torch.hub.get_dir(), "checkpoints")


def test_a_package_counts_where_it_is_installed():
    assert weights_of(SimpleNamespace(weights="package:json")).are_here
    assert not weights_of(SimpleNamespace(weights="package:no_such_module")).are_here


@pytest.mark.parametrize("weights", [None, "", "elsewhere", "cloud:file", "package:"])
def test_a_method_without_weights_that_are_known_needs_none(weights):
    assert weights_of(SimpleNamespace(weights=weights)) is None
    assert weights_of(SimpleNamespace()) is None


def test_a_method_looks_for_the_file_that_the_table_names(cache):
    """Their own error names the file as well, when they are fitted without it."""
    for name in (
        "fae-mse",
        "ae-perceptual",
        "rd",
        "rd++",
        "recontrast",
        "msc",
        "panda",
        "resnet18-imagenet",
    ):
        weights = weights_of(methods()[name].info)
        network = weights.name.partition("-")[0]
        from torchvision.models import get_model_weights

        assert Path(get_model_weights(network).IMAGENET1K_V1.url).name == weights.name
    assert weights_of(methods()["ae"].info) is None
    for name in ("padim", "autoddpm"):
        assert weights_of(methods()[name].info).are_here


def test_the_list_marks_methods_whose_weights_are_missing(cache, mia_bench):
    (cache / "vgg19-dcbb9e9d.pth").touch()
    records = json.loads(mia_bench("list", "methods", "--json").stdout)
    found = {record["name"]: record["weights"] for record in records}
    assert (found["ae-perceptual"], found["padim"], found["ae"]) == ("here", "here", None)
    assert found["fae-ssim"] == found["panda"] == "missing"
    text = mia_bench("list", "methods").stdout
    assert "Without a network connection" in " ".join(text.split())


@pytest.mark.parametrize(
    "name",
    [
        name
        for name, method in methods().items()
        if (getattr(method.info, "weights", None) or "").startswith("torchvision:")
    ],
)
def test_making_a_detector_downloads_nothing(name, cache, monkeypatch):
    asked = []
    monkeypatch.setattr(torch.hub, "_hub_dir", None)
    monkeypatch.setattr(
        torch.hub, "download_url_to_file", lambda url, *rest, **_: asked.append(url)
    )
    find_method(name).provider.build(name, in_channels=1)
    assert not asked
