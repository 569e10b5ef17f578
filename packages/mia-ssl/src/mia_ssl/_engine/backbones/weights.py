"""Files of weights: their digest, and state dicts that must fit a network."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor, nn

OFFLINE = "backbone='efficientnet-lite0', whose weights come with the extra 'features',"


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file, as hexadecimal digits."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def existing(weights: str, network: str) -> Path:
    """Return the path of a file that the user has named.

    Raises:
        FileNotFoundError: No such file.
    """
    path = Path(weights)
    if not path.is_file():
        msg = (
            f"expected weights to be a file with {network}'s state dict, got {path}, which does "
            f"not exist (a saved model looks for it where its model.json says); {OFFLINE} works "
            "without a file"
        )
        raise FileNotFoundError(msg)
    return path


def fill(network: nn.Module, state: Mapping[str, Tensor], path: Path, name: str) -> None:
    """Load a state dict into a network that was made on the ``meta`` device.

    Tensors that the network does not have, as those of a classifier, are left out.

    Raises:
        ValueError: A tensor is missing or of another shape.
    """
    taken = {}
    for key, value in network.state_dict().items():
        if key.endswith("num_batches_tracked"):  # not needed, and old files lack it
            taken[key] = torch.zeros((), dtype=torch.long)
            continue
        got = tuple(state[key].shape) if key in state else None
        if got != tuple(value.shape):
            msg = f"{path} does not hold {name}: expected {key} of {tuple(value.shape)}, got {got}"
            raise ValueError(msg)
        taken[key] = state[key].float()
    network.load_state_dict(taken, assign=True)
