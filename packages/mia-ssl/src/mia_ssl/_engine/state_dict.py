"""State dicts of other programs, read as tensors only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor

# Keys under which training scripts save a state dict beside other values.
_WRAPPERS = ("state_dict", "model", "model_state_dict")


def read_tensors(path: Path, expected: str) -> Any:
    """Read a file of tensors in whatever structure they are; nothing is unpickled.

    Args:
        path: A file of safetensors or of ``torch.save``.
        expected: What the file should be, for messages.

    Raises:
        FileNotFoundError: No such file.
        ValueError: A damaged file, or one with other objects than tensors.
    """
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        return torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise
    except (OSError, SafetensorError) as error:
        msg = f"{path} is not {expected}: {error}"
        raise ValueError(msg) from error
    except Exception:  # torch fails in many ways on a damaged file
        msg = (
            f"{path} is not {expected}: it is damaged, of another kind, or holds more than tensors"
        )
        # Torch's message is left out: it suggests trusting the file and unpickling it.
        raise ValueError(msg) from None


def read_state(path: Path) -> dict[str, Tensor]:
    """Read the tensors of a state dict file.

    Raises:
        FileNotFoundError: No such file.
        ValueError: Not a state dict of tensors.
    """
    state = read_tensors(path, "a state dict of tensors")
    for wrapper in _WRAPPERS:
        if isinstance(state, Mapping) and isinstance(state.get(wrapper), Mapping):
            state = state[wrapper]
    if not isinstance(state, Mapping) or not state:
        msg = f"{path} is not a state dict of tensors: it holds {type(state).__name__}"
        raise ValueError(msg)
    for key, value in state.items():
        if not isinstance(key, str):
            msg = f"{path} is not a state dict of tensors: expected names as text, got {key!r}"
            raise ValueError(msg)
        if not isinstance(value, torch.Tensor):
            msg = f"{path} is not a state dict of tensors: {key!r} is {type(value).__name__}"
            raise ValueError(msg)
    return dict(state)
