"""The conformance test passes our own methods and catches what breaks each rule."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import mia_recon
import mia_ssl
import numpy as np
import pytest
import torch
import torchvision
from mia_bench.providers import methods
from mia_bench.testing import check_detector

OWN = {**mia_recon.METHODS, **mia_ssl.METHODS}
# Networks of full size train too slowly for a test here; their packages test them.
SMALL = {
    "reconstruction": {"width": 4, "hidden": 16},
    "one-stage": {},
    "two-stage": {"steps_per_epoch": 1},
    "features": {},
    "dae": {"filters": 8, "depth": 3},
}
UNTRAINED = {"resnet18-imagenet", *(n for n, i in OWN.items() if i.family == "features")}
# Ten seconds each; nsa stands for the other one-stage methods, which share all but what they paste.
SLOW = {name for name, info in OWN.items() if info.family == "one-stage"} - {"nsa"}
SLOW |= {"ae-perceptual"}


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


@pytest.fixture(scope="session")
def pretrained(tmp_path_factory):
    """The option that puts random weights in the place of ImageNet's, where a method needs any."""
    folder = tmp_path_factory.mktemp("weights")
    networks = {"ae-perceptual": "vgg19", "resnet18-imagenet": "resnet18"}
    for name, network in networks.items():
        torch.save(random_state(network), folder / f"{name}.pth")
    return lambda name: {"weights": str(folder / f"{name}.pth")} if name in networks else {}


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] if name in SLOW else []) for name in OWN]
)
def test_our_own_methods_keep_the_contract(name, pretrained):
    method = methods()[name]
    channels = method.info.channels
    small = SMALL.get(name) or SMALL[method.info.family]
    options = {"batch_size": 8, **small, **pretrained(name)}

    def build():
        return method.provider.build(name, in_channels=channels, image_size=64, **options)

    assert check_detector(build, channels=channels, trains=name not in UNTRAINED) is None


class MeanDistance:
    """The smallest detector that keeps the contract: distance from the mean training image."""

    def __init__(self) -> None:
        self.mean = np.zeros(0)

    def fit(self, images, *, epochs=None, seed=0, device="auto", on_epoch=None):
        rng = np.random.default_rng(seed)
        images = self._array(images)
        self.mean = images.mean(0) + rng.normal(0, 1, images.shape[1:])
        for epoch in range(1, (1 if epochs is None else epochs) + 1):
            told = SimpleNamespace(epoch=epoch, losses={"loss": 0.0}, learning_rate=0.0)
            if on_epoch is not None and on_epoch(told) is True:
                break
        return self

    def predict(self, images, *, batch_size=64, device="auto"):
        heat = np.abs(self._array(images) - self.mean).mean(1).astype(np.float32)
        return SimpleNamespace(score=heat.mean((1, 2)), map=heat)

    def save(self, path):
        Path(path).mkdir()
        Path(path, "mean.json").write_text(json.dumps(self.mean.tolist()))

    @classmethod
    def load(cls, path):
        detector = cls()
        detector.mean = np.array(json.loads(Path(path, "mean.json").read_text()))
        return detector

    @staticmethod
    def _array(images):
        if isinstance(images, list):
            images = np.stack([item["image"] for item in images])
        if images.dtype != np.uint8 or images.ndim != 4:
            msg = f"expected uint8 (N, C, H, W), got {images.dtype} {images.shape}"
            raise ValueError(msg)
        return images


def test_a_detector_without_torch_can_keep_it():
    assert check_detector(MeanDistance) is None


def forgets_itself(self, images, **options):
    MeanDistance.fit(self, images, **options)


def ignores_the_seed(self, images, *, seed=0, **options):
    return MeanDistance.fit(self, images, **options)


def never_stops(self, images, *, on_epoch=None, **options):
    MeanDistance.fit(self, images, on_epoch=lambda epoch: on_epoch and on_epoch(epoch) and None)
    return MeanDistance.fit(self, images, on_epoch=on_epoch, **options)


def returns_doubles(self, images, **options):
    found = MeanDistance.predict(self, images, **options)
    return SimpleNamespace(score=found.score.astype(float), map=found.map)


def compares_within_the_batch(self, images, *, batch_size=64, device="auto"):
    found = MeanDistance.predict(self, images)
    parts = np.split(found.score, range(batch_size, len(found.score), batch_size))
    score = np.concatenate([part - part.mean() for part in parts])
    return SimpleNamespace(score=score.astype(np.float32), map=None)


def takes_floats(self, images, **options):
    array = np.stack([i["image"] for i in images]) if isinstance(images, list) else images
    return MeanDistance.predict(self, array.astype(np.uint8), **options)


@pytest.mark.parametrize(
    ("method", "broken", "message"),
    [
        ("fit", forgets_itself, "fit must return the detector itself"),
        ("fit", ignores_the_seed, "another seed must give other scores"),
        ("fit", never_stops, "on_epoch returned True and was called"),
        ("predict", returns_doubles, "score must be float32"),
        ("predict", compares_within_the_batch, "batch_size=1 must not change the score"),
        ("predict", takes_floats, "predict must refuse float32 images"),
    ],
)
def test_each_rule_catches_what_breaks_it(method, broken, message):
    detector = type("Broken", (MeanDistance,), {method: broken})
    with pytest.raises(AssertionError, match=message):
        check_detector(detector)
