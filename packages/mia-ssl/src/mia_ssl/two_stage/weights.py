"""Pretrained weights of a trunk, by torchvision's name or from a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
import torchvision

from mia_ssl._engine.options import unknown
from mia_ssl._engine.state_dict import read_state

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor, nn

_PREFIXES = ("module.", "backbone.", "encoder.", "model.")


def load_weights(trunk: nn.Module, backbone: str, weights: str) -> None:
    """Load pretrained weights into a trunk; those of torchvision are downloaded once.

    A state dict may have a classifier, which is left out, a prefix, and numbers for the names of
    the network's parts (as RadImageNet's files do).

    Args:
        trunk: Network of this backbone without its classifier.
        backbone: Name of a network of torchvision.
        weights: Name of torchvision's weights for the backbone, or the path of a state dict
            (``.safetensors``, or written by ``torch.save``; never unpickled).

    Raises:
        FileNotFoundError: No such file; or torchvision's file is neither cached nor to be had.
        ValueError: An unknown name, or a file that is no state dict of this backbone.
    """
    found = _find(backbone, weights)
    if isinstance(found, Path):
        state, origin = read_state(found), weights
    else:
        state, origin = _from_torchvision(found, backbone), found.name
    _fill(trunk, state, f"the weights {origin}", backbone)


def weights_are_here(backbone: str, weights: str) -> bool:
    """Tell whether pretrained weights can be loaded without a download; see ``load_weights``.

    Raises:
        FileNotFoundError: No such file.
        ValueError: An unknown name.
    """
    found = _find(backbone, weights)
    return isinstance(found, Path) or _cached(found).is_file()


def _find(backbone: str, weights: str) -> Any:
    """Return the path of a file, or torchvision's weights."""
    known = torchvision.models.get_model_weights(backbone)
    name = weights.removeprefix(f"{known.__name__}.")
    if name in known.__members__:
        return known[name]
    if Path(weights).is_file():
        return Path(weights)
    if Path(weights).name == weights and not Path(weights).suffix:
        raise unknown(f"weights of {backbone} (and no such file)", weights, known.__members__)
    msg = f"no weights file at {weights}"
    raise FileNotFoundError(msg)


def _cached(weights: Any) -> Path:
    return Path(torch.hub.get_dir(), "checkpoints", Path(weights.url).name)


def _from_torchvision(weights: Any, backbone: str) -> dict[str, Tensor]:
    try:
        return torch.hub.load_state_dict_from_url(
            weights.url, map_location="cpu", progress=False, check_hash=True, weights_only=True
        )
    except (OSError, RuntimeError) as error:
        msg = (
            f"the weights {weights} of {backbone} are not at {_cached(weights)} and could not be "
            f"downloaded from {weights.url} ({error}): put the file there, or give the path of a "
            "state dict as weights"
        )
        raise FileNotFoundError(msg) from error


def _fill(trunk: nn.Module, state: dict[str, Tensor], origin: str, backbone: str) -> None:
    own = trunk.state_dict()
    parts = [name for name, _ in trunk.named_children()]
    state = {_own_name(key, parts, own): value for key, value in state.items()}
    # Counts of batches are only bookkeeping, and old files lack them.
    missing = [k for k in own if k not in state and not k.endswith("num_batches_tracked")]
    wrong = [k for k in own if k in state and state[k].shape != own[k].shape]
    if missing or wrong:
        problem = f"{len(missing)} of {len(own)} tensors are missing" + (
            f" ({', '.join(missing[:3])} ...)" if missing else ""
        )
        if wrong:
            key = wrong[0]
            problem += f", {len(wrong)} have another shape ({key}: expected "
            problem += f"{tuple(own[key].shape)}, got {tuple(state[key].shape)})"
        msg = f"{origin} do not fit {backbone}: {problem}"
        raise ValueError(msg)
    trunk.load_state_dict({**own, **{k: state[k] for k in own if k in state}})


def _own_name(key: str, parts: list[str], own: Mapping[str, Tensor]) -> str:
    """Return the trunk's name of a parameter, or the key itself if the trunk has none such."""
    while key not in own:
        prefix = next((p for p in _PREFIXES if key.startswith(p)), None)
        if prefix is None:
            break
        key = key.removeprefix(prefix)
    number, _, rest = key.partition(".")
    if number.isdigit() and int(number) < len(parts):
        return f"{parts[int(number)]}.{rest}"
    return key
