"""Folders of safetensors and JSON that are there whole or not at all."""

from __future__ import annotations

import importlib.metadata
import json
import platform
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

if TYPE_CHECKING:
    import os

TENSORS, META = "model.safetensors", "model.json"


class ModelFileError(ValueError):
    """A saved model that is missing, damaged, or of another kind than expected."""


def save_folder(path: str | os.PathLike[str], state: dict[str, Any], meta: dict[str, Any]) -> None:
    """Write a nested state (dicts and lists of tensors and JSON values) and facts about it.

    The folder appears, or takes the place of an older one, only when it is whole.

    Raises:
        ModelFileError: The path holds something else.
        OSError: It cannot be written.
    """
    path = Path(path)
    if path.exists() and not (path / META).is_file() and (path.is_file() or any(path.iterdir())):
        msg = f"will not overwrite {path}: it is not a saved model"
        raise ModelFileError(msg)
    path.parent.mkdir(parents=True, exist_ok=True)
    tensors: dict[str, torch.Tensor] = {}
    structure = _pack(state, "", tensors)
    with tempfile.TemporaryDirectory(prefix=f".{path.name}-", dir=path.parent) as temporary:
        fresh = Path(temporary, "new")
        fresh.mkdir()
        try:
            save_file(tensors, fresh / TENSORS)
        except SafetensorError as error:
            msg = f"cannot write {path}: {error}"
            raise OSError(msg) from error
        text = json.dumps({**meta, "structure": structure}, indent=1)
        (fresh / META).write_text(text + "\n", encoding="utf-8")
        old = Path(temporary, "old")
        try:
            if path.exists():
                path.rename(old)
            fresh.rename(path)
        except BaseException:  # an interruption too: the older one must not go with the temporary
            if old.exists():
                old.rename(path)
            raise


def load_folder(path: str | os.PathLike[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The state and the facts that ``save_folder`` wrote.

    Raises:
        ModelFileError: The folder or a file of it is missing or damaged.
    """
    path = Path(path)
    try:
        meta = json.loads((path / META).read_text(encoding="utf-8"))
        tensors = load_file(path / TENSORS)
        return _unpack(meta.pop("structure"), tensors), meta
    except FileNotFoundError as error:
        msg = f"no saved model at {path}: {error.filename} is missing"
        raise ModelFileError(msg) from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError, SafetensorError) as error:
        msg = f"the saved model at {path} cannot be read: {error}"
        raise ModelFileError(msg) from error


def versions(*packages: str) -> dict[str, str]:
    """What a model was made with: Python's version and those of these packages."""
    found = {name: importlib.metadata.version(name) for name in packages}
    return {"python": platform.python_version(), **found}


def _pack(value: Any, name: str, tensors: dict[str, torch.Tensor]) -> Any:
    """A JSON tree of the value; its tensors go into the flat dict under their path in the tree."""
    if isinstance(value, torch.Tensor):
        tensors[name] = value.detach().cpu().contiguous().clone()
        return {"tensor": name}
    if isinstance(value, dict):
        # Pairs, because optimisers use integers as keys and JSON would turn them to text.
        pairs = [
            [key, _pack(item, f"{name}.{key}".lstrip("."), tensors)] for key, item in value.items()
        ]
        return {"dict": pairs}
    if isinstance(value, (list, tuple)):
        return [_pack(item, f"{name}.{i}", tensors) for i, item in enumerate(value)]
    return value


def _unpack(tree: Any, tensors: dict[str, torch.Tensor]) -> Any:
    if isinstance(tree, dict):
        if "tensor" in tree:
            return tensors[tree["tensor"]]
        return {key: _unpack(item, tensors) for key, item in tree["dict"]}
    if isinstance(tree, list):
        return [_unpack(item, tensors) for item in tree]
    return tree
