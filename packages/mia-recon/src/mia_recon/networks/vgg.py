"""ImageNet features: torchvision's VGG19 up to relu4_2."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import nn

from mia_recon._engine.state_dict import read_state

if TYPE_CHECKING:
    from torch import Tensor

# Channels of each convolution; 0 halves the image. The last one's ReLU is relu4_2.
_LAYERS = (64, 64, 0, 128, 128, 0, 256, 256, 256, 256, 0, 512, 512)
CHANNELS = 512
LAYER = "r42"  # relu4_2 in the original project's file of feature statistics
_IMAGENET_MEAN = (0.485, 0.456, 0.406)
_IMAGENET_STD = (0.229, 0.224, 0.225)


def features(vgg: nn.Module, x: Tensor) -> Tensor:
    """Return features [B, 512, H/8, W/8] of gray or RGB images in [-1, 1]."""
    mean, std = (x.new_tensor(v).view(1, 3, 1, 1) for v in (_IMAGENET_MEAN, _IMAGENET_STD))
    return vgg(((x + 1) / 2 - mean) / std)  # broadcasting repeats a gray channel


def load_vgg19(weights: str | None, device: torch.device) -> nn.Module:
    """Return the frozen network.

    Args:
        weights: File with torchvision's state dict of VGG19; None for the one in torchvision's
            cache, which is downloaded if the cache is empty.
        device: Its device; on ``meta`` it has no weights.

    Raises:
        FileNotFoundError: No such file, or an empty cache and no network connection.
        ValueError: A file of another network.
    """
    with torch.device("meta"):
        vgg = _blank()
    if device.type != "meta":
        state = _torchvision_state() if weights is None else _state_of(Path(weights))
        _check(vgg, state, weights)
        vgg.load_state_dict(state, strict=False, assign=True)
    return vgg.eval().requires_grad_(requires_grad=False).to(device)


def _blank() -> nn.Module:
    layers: list[nn.Module] = []
    channels = 3
    for width in _LAYERS:
        if width:
            layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU(inplace=True)]
            channels = width
        else:
            layers.append(nn.MaxPool2d(2))
    return nn.Sequential(*layers)


def _state_of(path: Path) -> dict[str, Tensor]:
    if not path.is_file():
        msg = (
            f"expected weights to be a file with torchvision's VGG19 state dict, got {path} "
            "(a saved model looks for it where its model.json says)"
        )
        raise FileNotFoundError(msg)
    return _without_prefix(read_state(path))


def _torchvision_state() -> dict[str, Tensor]:
    from torchvision.models import VGG19_Weights

    weights = VGG19_Weights.IMAGENET1K_V1
    try:
        state = weights.get_state_dict(progress=False, check_hash=True)
    except OSError as error:
        cache = Path(torch.hub.get_dir(), "checkpoints", Path(weights.url).name)
        msg = (
            f"ae-perceptual needs ImageNet weights of VGG19: download {weights.url} and put it at "
            f"{cache}, or build with weights=PATH; getting it over the network failed: {error}"
        )
        raise FileNotFoundError(msg) from error
    return _without_prefix(state)


def _without_prefix(state: dict[str, Tensor]) -> dict[str, Tensor]:
    return {key.removeprefix("features."): value for key, value in state.items()}


def _check(vgg: nn.Module, state: dict[str, Tensor], weights: str | None) -> None:
    for key, value in vgg.state_dict().items():
        got = tuple(state[key].shape) if key in state else None
        if got != tuple(value.shape):
            msg = (
                f"{weights or 'the cached file'} does not hold torchvision's VGG19: "
                f"expected features.{key} of {tuple(value.shape)}, got {got}"
            )
            raise ValueError(msg)
