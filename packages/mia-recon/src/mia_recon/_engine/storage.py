"""Folders of safetensors and JSON, written completely or not at all."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import platform
import shutil
import tempfile
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from .model_files import META, TENSORS, read_facts, read_tensors

_LONGEST = 200  # bytes of a name that the temporary folder's may begin with
_NAMED = ("package", "method")  # facts that the file of the tensors has too, in one entry
_MODEL = "model"
FORMAT = 1  # version of the two files; others are refused


class ModelFileError(ValueError):
    """A saved model is missing, damaged, or of another kind than expected."""


def save_folder(path: str | os.PathLike[str], state: dict[str, Any], meta: dict[str, Any]) -> None:
    """Write a nested state (dicts and lists of tensors and JSON values) and facts about it.

    The folder appears, or replaces an older one, only when it is complete.

    Raises:
        ModelFileError: The path holds something that is not a saved model.
        OSError: It cannot be written.
    """
    path = Path(path)
    try:
        is_model = not path.exists() or (path / META).is_file()
        if not is_model and (path.is_file() or any(path.iterdir())):
            msg = f"will not overwrite {path}: it is not a saved model"
            raise ModelFileError(msg)
        path.parent.mkdir(parents=True, exist_ok=True)
        _write(path, state, meta)
    except (OSError, SafetensorError) as error:
        # The error names a temporary file, which means nothing to the user.
        msg = f"cannot write {path}: {getattr(error, 'strerror', None) or error}"
        raise OSError(msg) from error


def _write(path: Path, state: dict[str, Any], meta: dict[str, Any]) -> None:
    tensors: dict[str, torch.Tensor] = {}
    structure = _pack(state, "", tensors)
    with tempfile.TemporaryDirectory(prefix=_prefix(path), dir=path.parent) as temporary:
        fresh = Path(temporary, "new")
        fresh.mkdir()
        # One entry: of several, safetensors writes the order by chance.
        save_file(tensors, fresh / TENSORS, metadata={_MODEL: _model_name(meta)})
        text = json.dumps({"format": FORMAT, **meta, "structure": structure}, indent=1)
        (fresh / META).write_text(text + "\n", encoding="utf-8")
        # Safetensors makes its file readable by its owner only, against the user's umask.
        shutil.copymode(fresh / META, fresh / TENSORS)
        old = Path(temporary, "old")
        try:
            if path.exists():
                path.rename(old)
            fresh.rename(path)
        except (
            BaseException
        ):  # also Ctrl-C: the older folder must not vanish with the temporary one
            if old.exists():
                old.rename(path)
            raise


def _prefix(path: Path) -> str:
    """Return the first part of the name of a half-written version; long names become hashes."""
    name = os.fsencode(path.name)
    known = path.name if len(name) <= _LONGEST else hashlib.sha256(name).hexdigest()
    return f".{known}-"


def load_folder(path: str | os.PathLike[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Read the state and the facts that ``save_folder`` wrote.

    Raises:
        ModelFileError: The folder or a file of it is missing, damaged, or of another format.
    """
    path = Path(path)
    try:
        meta = _of_format(read_facts(path / META))
        tensors = read_tensors(path / TENSORS)
        state = _unpack(meta.pop("structure"), tensors)
        _check_origin(path / TENSORS, meta)
    except FileNotFoundError as error:
        missing = error.filename or path / TENSORS  # safetensors does not name the file
        msg = f"no saved model at {path}: {missing} is missing"
        raise ModelFileError(msg) from error
    except (
        *(OSError, ValueError, KeyError, TypeError, AttributeError),
        *(MemoryError, SafetensorError),
    ) as error:
        msg = f"the saved model at {path} cannot be read: {in_one_line(error)}"
        raise ModelFileError(msg) from error
    if not isinstance(state, dict):
        msg = f"the saved model at {path} cannot be read: "
        msg += f"expected its structure to be named parts, got {state!r}"
        raise ModelFileError(msg)
    return state, meta


def in_one_line(error: BaseException) -> str:
    """Return the text of an error as one line of at most 300 characters."""
    kind = "" if isinstance(error, (OSError, ValueError, SafetensorError)) else type(error).__name__
    text = " ".join(f"{kind} {error}".split())
    return text if len(text) <= 300 else f"{text[:297]}..."


def _check_origin(path: Path, meta: dict[str, Any]) -> None:
    """Refuse tensors of another model than the facts; older files do not say of which."""
    with safe_open(path, "pt") as file:
        named = file.metadata() or {}
    found, expected = named.get(_MODEL), _model_name(meta)
    if found is not None and found != expected:
        msg = f"{path.name} is of the model {found!r}, {META} of {expected!r}"
        raise ValueError(msg)


def _model_name(meta: dict[str, Any]) -> str:
    """Return the package and the method of a model's facts, as ``mia_recon/ae``."""
    return "/".join(str(meta[key]) for key in _NAMED if key in meta)


def _of_format(meta: Any) -> dict[str, Any]:
    """Return the facts without their format after checking it."""
    found = meta.pop("format", None) if isinstance(meta, dict) else None
    if found != FORMAT:
        msg = f"its format is {found!r}, expected {FORMAT}"
        raise ValueError(msg)
    return meta


def versions(*packages: str) -> dict[str, str]:
    """Return the versions of Python and of these packages."""
    found = {name: importlib.metadata.version(name) for name in packages}
    return {"python": platform.python_version(), **found}


def _pack(value: Any, name: str, tensors: dict[str, torch.Tensor]) -> Any:
    """Return the value as a JSON tree and collect its tensors by their path in the tree."""
    if isinstance(value, torch.Tensor):
        tensors[name] = value.detach().cpu().contiguous().clone()
        return {"tensor": name}
    if isinstance(value, dict):
        # Pairs, because optimizers use integers as keys, which JSON would turn into text.
        pairs = [
            [key, _pack(item, f"{name}.{key}".lstrip("."), tensors)] for key, item in value.items()
        ]
        return {"dict": pairs}
    if isinstance(value, (list, tuple)):
        return [_pack(item, f"{name}.{i}", tensors) for i, item in enumerate(value)]
    return value


def _unpack(tree: Any, tensors: dict[str, torch.Tensor]) -> Any:
    """Return the value of a JSON tree; every tensor must be named in it exactly once."""
    value = _unpack_part(tree, tensors)
    if tensors:
        msg = f"{TENSORS} holds {next(iter(tensors))!r}, which {META} does not name"
        raise ValueError(msg)
    return value


def _unpack_part(tree: Any, left: dict[str, torch.Tensor]) -> Any:
    if isinstance(tree, dict):
        if "tensor" in tree:
            name = tree["tensor"]
            if not isinstance(name, str) or name not in left:
                msg = f"expected {TENSORS} to hold {name!r}, and {META} to name it once"
                raise ValueError(msg)
            return left.pop(name)
        return {key: _unpack_part(item, left) for key, item in tree["dict"]}
    if isinstance(tree, list):
        return [_unpack_part(item, left) for item in tree]
    return tree
