"""Every method of ours keeps every rule of the detector contract."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import mia_recon
import mia_ssl
import pytest
import torch
import torchvision
from mia_bench.detectors.plugins import find_method
from mia_bench.testing import rules

OWN = {**mia_recon.METHODS, **mia_ssl.METHODS}
# Networks of full size train too slowly for a test here; their packages test them.
SMALL = {
    "reconstruction": {"width": 4, "hidden": 16},
    "one-stage": {},
    "two-stage": {"steps_per_epoch": 1},
    "features": {},
    "synthetic-lesions": {"steps": 2},
    "adapted": {"backbone": "efficientnet-lite0"},
    "dae": {"filters": 8, "depth": 3},
    "fae-mse": {"backbone": "efficientnet-lite0", "depth": 2, "steps_per_epoch": 1},
    "fae-ssim": {"backbone": "efficientnet-lite0", "depth": 2, "steps_per_epoch": 1},
    "anoddpm": {"width": 32, "depth": 2, "ddim_steps": 2},
    "anoddpm-simplex": {"width": 32, "depth": 2, "ddim_steps": 2},
    "autoddpm": {"width": 32, "depth": 2, "attention": 1, "ddim_steps": 2, "resamplings": 1},
    "rd": {"backbone": "efficientnet-lite0", "steps_per_epoch": 1},
    "rd++": {"backbone": "efficientnet-lite0", "steps_per_epoch": 1},
    "f-anogan": {"width": 8, "steps_per_epoch": 1},
    "recontrast": {"backbone": "efficientnet-lite0", "steps_per_epoch": 1},
}
# No rule depends on how large the images are: 32 px are a quarter of the work of 64.
SIDES = {"reconstruction": 32, "anoddpm": 16, "anoddpm-simplex": 16}
WEIGHTS = TemporaryDirectory(prefix="mia-weights-")  # of random values; gone with the process
UNTRAINED = {"resnet18-imagenet", *(n for n, i in OWN.items() if i.family == "features")}
# Ten seconds each; nsa stands for the other one-stage methods, which share all but what they paste.
SLOW = {name for name, info in OWN.items() if info.family == "one-stage"} - {"nsa"}
SLOW |= {"ae-perceptual", "fae-ssim", "rd", "rd++", "recontrast", "panda", "msc", "anoddpm"}
SLOW |= {"autoddpm"}
# They share all but their model; gaussian-features and subspace stand for the others.
SLOW |= {"padim", "patchcore", "nearest-features", "synthetic-lesions"}


def random_state(network: str) -> dict[str, torch.Tensor]:
    """Small random weights with the names and shapes of torchvision's, without the classifier."""
    with torch.device("meta"):
        shapes = torchvision.models.get_model(network, weights=None).state_dict()
    generator = torch.Generator().manual_seed(1)
    state = {}
    for name, value in shapes.items():
        if value.ndim > 1 and not name.startswith("classifier"):
            drawn = torch.randn(value.shape, generator=generator)
            state[name] = drawn * (2 / value[0].numel()) ** 0.5
        elif value.ndim == 1:
            state[name] = torch.full(value.shape, 0.0 if name.endswith(("bias", "mean")) else 1.0)
    return state


@cache
def pretrained(name: str) -> dict[str, str]:
    """The option that puts random weights in the place of ImageNet's, where a method needs any."""
    networks = {"ae-perceptual": "vgg19", "resnet18-imagenet": "resnet18"}
    if name not in networks:
        return {}
    path = Path(WEIGHTS.name, f"{name}.pth")
    torch.save(random_state(networks[name]), path)
    return {"weights": str(path)}


def rules_of(name: str) -> list:
    """Each rule for a method, as small as it can be built."""
    info = OWN[name]
    side = SIDES.get(name) or SIDES.get(info.family, 64)

    def build():
        small = SMALL.get(name) or SMALL[info.family]
        options = {"batch_size": 8, **small, **pretrained(name)}
        provider = find_method(name).provider
        try:
            return provider.build(name, in_channels=info.channels, image_size=side, **options)
        except FileNotFoundError as error:
            pytest.skip(f"weights are missing: {error}")

    marks = [pytest.mark.xdist_group(name), *([pytest.mark.slow] if name in SLOW else [])]
    return [
        pytest.param(*each.values, id=f"{name}-{each.id}", marks=[*each.marks, *marks])
        for each in rules(
            build, channels=info.channels, image_size=side, trains=name not in UNTRAINED
        )
    ]


@pytest.mark.parametrize("rule", [each for name in OWN for each in rules_of(name)])
def test_our_own_methods_keep_the_contract(rule):
    assert rule() is None
