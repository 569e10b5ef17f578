"""Checkpoints of the original project (a plain state dict, ``model.pt``) into our detectors."""

from __future__ import annotations

import pickle
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from mia_recon.registry import build

if TYPE_CHECKING:
    import os

    from mia_recon.detector import ReconstructionDetector

# Original parameter names -> ours, in order; the digit is the block's number, counted from 1.
_RENAMES = (
    (r"^en_block(\d)\.model\.", lambda m: f"encoder.{int(m[1]) - 1}."),
    (r"^de_block(\d)\.model\.", lambda m: f"decoder.{int(m[1]) - 1}."),
    (r"^bottle_neck\.linear_enc\.", "to_code."),
    (r"^bottle_neck\.linear_dec\.", "from_code."),
)


def rename(key: str) -> str:
    """Our name of a parameter of the original."""
    for pattern, replacement in _RENAMES:
        key = re.sub(pattern, replacement, key)
    return key


def load_medianomaly(
    name: str,
    path: str | os.PathLike[str],
    *,
    image_size: int | None = None,
    in_channels: int | None = None,
    **options: Any,
) -> ReconstructionDetector:
    """A detector with the weights of the original project's checkpoint.

    Args:
        name: The method, one of ``METHODS``.
        path: The ``model.pt``; loaded as tensors only, never unpickled.
        image_size: Side of the images it was trained on; None for the method's default.
        in_channels: Read from the weights where None.
        options: As in ``build``.

    Raises:
        FileNotFoundError: No such file.
        ValueError: Not a state dict, or one that does not fit the method.
    """
    path = Path(path)
    try:
        original = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise
    except (OSError, RuntimeError, EOFError, ValueError, KeyError, pickle.UnpicklingError) as error:
        msg = f"{path} is not a state dict of tensors: {error}"
        raise ValueError(msg) from error
    state = {rename(key): value for key, value in original.items()}
    if in_channels is None:
        in_channels = state["encoder.0.0.weight"].shape[1]
    detector = build(name, in_channels=in_channels, image_size=image_size, **options)
    try:
        detector.network.load_state_dict(state)
    except RuntimeError as error:
        msg = f"{path} does not fit {name} at image_size={detector.image_size}: {error}"
        raise ValueError(msg) from error
    detector.network.eval()
    return detector
