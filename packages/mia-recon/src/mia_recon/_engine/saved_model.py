"""Saved models, checked before anything of their size is made: they may be a stranger's."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch
from torch.overrides import TorchFunctionMode

from .storage import ModelFileError, in_one_line, load_folder

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from torch import Tensor, nn

MAX_SIDE = 4096  # pixels, of the images that a detector takes
MAX_OPTION = 1 << 24
_CALLS, _CALLS_PER_TENSOR = 20_000, 20  # of torch, to make a network
_BLOCK = 1 << 22  # numbers that are looked at together

# Kinds of the facts that ``TrainedDetector.save`` writes.
_KINDS: dict[str, tuple[Any, str]] = {
    "method": (str, "text"),
    "in_channels": (int, "a whole number"),
    "image_size": (int, "a whole number"),
    "settings": (dict, "a table"),
    "options": (dict, "a table"),
    "seed": ((int, type(None)), "a whole number or null"),
    "history": (list, "a list"),
    "score_quantiles": (list, "a list"),
}


def read_model(
    path: str | os.PathLike[str], package: str, methods: Iterable[str]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Read the state and the facts that ``save`` wrote into a folder.

    Args:
        path: The folder.
        package: The package that has saved it.
        methods: Names of the methods that may have been saved.

    Raises:
        ModelFileError: Nothing there, damaged files, a model of another package or method, facts
            of another kind, or weights that are not finite.
    """
    state, meta = load_folder(path)
    if meta.get("package") != package or meta.get("method") not in list(methods):
        got = f"{meta.get('package')!r}, method {meta.get('method')!r}"
        msg = f"expected a model of {package} at {path}, got one of {got}"
        raise ModelFileError(msg)
    with explain_misfit(path):
        _check_facts(meta)
        _check_finite(state, "state")
        _check_names(state["network"])
    return state, meta


@contextmanager
def explain_misfit(path: str | os.PathLike[str]) -> Iterator[None]:
    """Turn the errors of restoring a damaged model into a ``ModelFileError`` that names it."""
    try:
        yield
    except (
        *(ArithmeticError, AttributeError, LookupError, MemoryError),
        *(OSError, RuntimeError, TypeError, ValueError),
    ) as error:
        msg = f"the saved model at {path} does not fit this version: {in_one_line(error)}"
        raise ModelFileError(msg) from error


def check_network(saved: Mapping[str, Tensor], make: Callable[[], nn.Module]) -> None:
    """Compare saved weights with those of the network before it is made.

    Args:
        saved: The weights by name.
        make: Makes the network; called where new tensors have only a shape, and take no memory.

    Raises:
        ValueError: Other names, shapes or types, or a network of far more parts than were saved.
    """
    most = _CALLS + _CALLS_PER_TENSOR * len(saved)
    with torch.random.fork_rng(devices=[]), torch.device("meta"), _FewCalls(most):
        network = make()
    check_weights(saved, network.state_dict())


def check_weights(saved: Mapping[str, Tensor], needed: Mapping[str, Tensor]) -> None:
    """Compare the names, shapes and types of saved weights with those that a network needs.

    Raises:
        ValueError: They differ.
    """
    for name, own in needed.items():
        if name not in saved:
            msg = f"expected the weight {name}, got {len(saved)} others"
            raise ValueError(msg)
        found = saved[name]
        if found.shape != own.shape or found.dtype != own.dtype:
            msg = f"expected {name} of {_kind(own)}, got {_kind(found)}"
            raise ValueError(msg)
    if len(saved) > len(needed):
        extra = next(name for name in saved if name not in needed)
        msg = f"expected {len(needed)} weights, got {extra} too"
        raise ValueError(msg)


class _FewCalls(TorchFunctionMode):
    """Refuses to make a network whose number of parts has no end."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self._left = most

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self._left -= 1
        if self._left < 0:
            msg = "its options ask for a network of far more parts than it has weights"
            raise ValueError(msg)
        return func(*args, **(kwargs or {}))


def _kind(tensor: Tensor) -> str:
    return f"{str(tensor.dtype).removeprefix('torch.')} {tuple(tensor.shape)}"


def _check_names(network: Any) -> None:
    """Refuse weights that are not tensors by name, which torch does not check."""
    if not isinstance(network, dict):
        msg = f"expected the weights of the network by name, got {type(network).__name__}"
        raise ValueError(msg)
    for name, value in network.items():
        if not isinstance(name, str):
            msg = f"expected names of parameters as text, got {name!r}"
            raise ValueError(msg)
        if not isinstance(value, torch.Tensor):
            msg = f"expected the weight {name} to be a tensor, got {type(value).__name__}"
            raise ValueError(msg)


def _check_facts(meta: Mapping[str, Any]) -> None:
    for key, (kind, words) in _KINDS.items():
        if key not in meta:
            msg = f"it does not say its {key}"
            raise ValueError(msg)
        if not isinstance(meta[key], kind) or isinstance(meta[key], bool):
            msg = f"expected {key} to be {words}, got {_shown(meta[key])}"
            raise ValueError(msg)
    if not 1 <= meta["image_size"] <= MAX_SIDE:
        msg = f"expected image_size to be from 1 to {MAX_SIDE}, got {meta['image_size']}"
        raise ValueError(msg)
    for losses in meta["history"]:
        if not isinstance(losses, dict):
            msg = f"expected history to be a list of tables, got {_shown(losses)}"
            raise ValueError(msg)
    for part in ("settings", "options"):
        for key, value in meta[part].items():
            for number in value if isinstance(value, list) else [value]:
                if isinstance(number, (int, float)) and abs(number) > MAX_OPTION:
                    msg = f"expected {key} to be at most {MAX_OPTION}, got {_shown(number)}"
                    raise ValueError(msg)


def _check_finite(value: Any, name: str) -> None:
    """Refuse NaN and infinity in any tensor of a state."""
    if isinstance(value, torch.Tensor):
        if not value.is_floating_point() and not value.is_complex():
            return
        for block in value.flatten().split(_BLOCK):
            if not torch.isfinite(block).all():
                msg = f"expected {name} to be finite, got NaN or infinity"
                raise ValueError(msg)
        return
    items: Iterable[Any] = ()
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    for key, item in items:
        _check_finite(item, str(key))


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
