"""A frozen network by name, read when its features are first asked for."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.jit._trace import is_tracing

from ..inference import CPU_PIXELS
from ..options import unknown
from ..side_by_side import side_by_side
from . import efficientnet, timm_networks, torchvision_networks
from .weights import sha256_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from torch import Tensor

    from .source import Source

_SOURCES: dict[str, Source] = {**efficientnet.SOURCES, **torchvision_networks.SOURCES}


def backbone_names() -> list[str]:
    """Return the names that ``Backbone`` knows, besides ``timm:NAME``."""
    return list(_SOURCES)


class Backbone(nn.Module):
    """Frozen network that gives features of several stages.

    Its weights are neither trained nor saved with a detector. The SHA-256 of their file is saved,
    and another file is refused later.

    Args:
        name: ``"efficientnet-lite0"`` or ``"efficientnet-lite2"`` (weights from the extra
            ``features``), a network of torchvision, or ``"timm:NAME"``.
        weights: File with a state dict; None for the package's file or torchvision's cache.

    Attributes:
        channels: Channels of each stage.
        strides: Pixels of the image per cell of each stage.
    """

    weights_sha256: Tensor

    def __init__(self, name: str, weights: str | None = None) -> None:
        super().__init__()
        self.name = name
        self.weights = weights
        if name.startswith(timm_networks.PREFIX):
            self._source = timm_networks.source_of(name)
        elif name in _SOURCES:
            self._source = _SOURCES[name]
        else:
            raise unknown("backbone", name, [*_SOURCES, f"{timm_networks.PREFIX}NAME"])
        self.channels = self._source.channels
        self.strides = self._source.strides
        # Zeros as long as no file has been read.
        self.register_buffer("weights_sha256", torch.zeros(32, dtype=torch.uint8))
        self._network: list[nn.Module] = []  # in a list it is not trained, saved or moved

    @property
    def default_weights(self) -> str | None:
        """Place of the default weights, see ``MethodInfo.weights``."""
        return self._source.default()

    @property
    def sha256(self) -> str | None:
        """SHA-256 of the file that the weights were read from; None before."""
        digest = bytes(self.weights_sha256.cpu().tolist()).hex()
        return digest if digest.strip("0") else None

    def forward(self, x: Tensor, stages: Sequence[int]) -> list[Tensor]:
        """Return features of some stages, [B, channels, H / stride, W / stride] each.

        Args:
            x: Images [B, 1 or 3, H, W] in [0, 1].
            stages: Numbers of the stages, in ascending order.

        Raises:
            FileNotFoundError: The weights are not to be had.
            ValueError: A file of another network, or another one than was used before.
        """
        if not self._network:
            self._network.append(self._make_frozen(x.device))
        network = self._network[0].to(x.device)

        def features_of(images: Tensor) -> list[Tensor]:
            return network(self.normalize(images), stages)

        at_a_time = max(1, CPU_PIXELS // int(x.shape[2] * x.shape[3]))
        if x.device.type != "cpu" or is_tracing() or len(x) <= at_a_time:
            return features_of(x)
        if self._source.takes_turns or torch.is_grad_enabled():
            parts = [features_of(part) for part in x.split(at_a_time)]
        else:
            share = math.ceil(len(x) / torch.get_num_threads())
            parts = side_by_side(features_of, x.split(min(at_a_time, share)))
        return [torch.cat(stage) for stage in zip(*parts, strict=True)]

    def _make_frozen(self, device: torch.device) -> nn.Module:
        if device.type == "meta":
            network = self.make(device)
        else:
            network = self.read()
            self._source.freeze(network)
        return network.requires_grad_(requires_grad=False)

    def normalize(self, x: Tensor) -> Tensor:
        """Return images [B, 1 or 3, H, W] in [0, 1] as the network was trained, [B, 3, H, W]."""
        mean, std = (
            x.new_tensor(values).view(1, 3, 1, 1)
            for values in (self._source.mean, self._source.std)
        )
        # Broadcasting repeats a gray channel. With the channels last, convolutions of few channels
        # take a processor about half the time.
        return ((x - mean) / std).contiguous(memory_format=torch.channels_last)

    def make(self, device: torch.device) -> nn.Module:
        """Return the network without weights of use: (x, stages) -> features."""
        # Layers draw from the global generator when made.
        with torch.random.fork_rng(devices=[]), device:
            return self._source.make().eval()

    def read(self) -> nn.Module:
        """Return a new network with the weights: (x, stages) -> features.

        Raises:
            FileNotFoundError: The weights are not to be had.
            ValueError: A file of another network, or another one than was used before.
        """
        path = self._source.find(self.weights)
        self._check_file(path)
        return self._source.load(path).eval()

    def _check_file(self, path: Path) -> None:
        digest = sha256_of(path)
        if self._source.sha256 and not digest.startswith(self._source.sha256):
            msg = (
                f"{path} does not hold the weights of {self.name}: "
                f"expected a file of SHA-256 {self._source.sha256}, got {digest}"
            )
            raise ValueError(msg)
        known = self.sha256
        if known is not None and known != digest:
            msg = (
                f"{path} holds other weights of {self.name} than the detector was trained with: "
                f"expected a file of SHA-256 {known}, got {digest}"
            )
            raise ValueError(msg)
        self.weights_sha256.copy_(torch.tensor(list(bytes.fromhex(digest)), dtype=torch.uint8))
