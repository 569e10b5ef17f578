"""Networks of torchvision with its ImageNet weights, from a file or torchvision's cache.

A file that is not in the cache yet is downloaded there when the weights are first needed.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import nn

from ..state_dict import read_state
from .frozen_layers import InPlaceBatchNorm, replace
from .source import Source, Stages
from .weights import OFFLINE, existing, fill

VGG19_LAYERS = 23  # up to relu4_2


def vgg19() -> Stages:
    """Return VGG19 up to relu4_2, as one stage."""
    import torchvision

    return Stages([torchvision.models.vgg19().features[:VGG19_LAYERS]])


def resnet(name: str) -> Stages:
    """Return a ResNet: the layers before its first group, then its four groups."""
    return _staged_resnet(_whole(name))


def find(name: str, weights: str | None) -> Path:
    """Return the path of the weights: the user's file, or the one in torchvision's cache.

    Raises:
        FileNotFoundError: No such file; or an empty cache and no network connection.
    """
    if weights is not None:
        return existing(weights, f"torchvision's {name}")
    url = _url(name)
    cache = Path(torch.hub.get_dir(), "checkpoints", Path(url).name)
    if not cache.is_file():
        try:
            cache.parent.mkdir(parents=True, exist_ok=True)
            digits = cache.stem.rpartition("-")[2]
            torch.hub.download_url_to_file(url, str(cache), hash_prefix=digits, progress=False)
        except (OSError, RuntimeError) as error:
            msg = (
                f"{name} needs ImageNet weights: download {url} and put it at {cache}, or build "
                f"with weights=PATH; {OFFLINE} works without a download. "
                f"Getting it over the network failed: {error}"
            )
            raise FileNotFoundError(msg) from error
    return cache


def default(name: str) -> str:
    """Return where the weights are by default, see ``MethodInfo.weights``."""
    return f"torchvision:{Path(_url(name)).name}"


def _url(name: str) -> str:
    import torchvision

    return torchvision.models.get_model_weights(name).IMAGENET1K_V1.url


def load_vgg19(path: Path) -> Stages:
    """Return VGG19 with the weights of a file."""
    with torch.device("meta"):
        network = vgg19()
    state = {key.removeprefix("features."): value for key, value in read_state(path).items()}
    fill(network.stages[0], state, path, "torchvision's vgg19")
    return network


def load_resnet(name: str, path: Path) -> Stages:
    """Return a ResNet with the weights of a file."""
    with torch.device("meta"):
        whole = _whole(name)
    fill(whole, read_state(path), path, f"torchvision's {name}")
    return _staged_resnet(whole)


def _whole(name: str) -> Any:
    import torchvision

    network = torchvision.models.get_model(name, weights=None)
    network.fc = nn.Identity()
    return network


def _staged_resnet(whole: Any) -> Stages:
    stem = nn.Sequential(whole.conv1, whole.bn1, whole.relu, whole.maxpool)
    return Stages([stem, whole.layer1, whole.layer2, whole.layer3, whole.layer4])


def _resnet_source(name: str, channels: tuple[int, ...]) -> Source:
    return Source(
        channels=channels,
        strides=(4, 4, 8, 16, 32),
        make=partial(resnet, name),
        find=partial(find, name),
        load=partial(load_resnet, name),
        freeze=partial(replace, kind=nn.BatchNorm2d, replacement=InPlaceBatchNorm),
        default=partial(default, name),
    )


SOURCES = {
    "vgg19": Source(
        channels=(512,),
        strides=(8,),
        make=vgg19,
        find=partial(find, "vgg19"),
        load=load_vgg19,
        default=partial(default, "vgg19"),
    ),
    "resnet18": _resnet_source("resnet18", (64, 64, 128, 256, 512)),
    "resnet50": _resnet_source("resnet50", (64, 256, 512, 1024, 2048)),
    "resnet152": _resnet_source("resnet152", (64, 256, 512, 1024, 2048)),
    "wide_resnet50_2": _resnet_source("wide_resnet50_2", (64, 256, 512, 1024, 2048)),
}
