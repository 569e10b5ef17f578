"""Classification networks of torchvision without their classifier."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torchvision
from torch import nn

from mia_ssl._engine.options import unknown

if TYPE_CHECKING:
    from collections.abc import Callable

# Networks that would otherwise have a second classifier, and warn that they draw their weights.
_AUXILIARY = {"aux_logits": False, "init_weights": True}
_ARGUMENTS: dict[str, dict[str, Any]] = {"googlenet": _AUXILIARY, "inception_v3": _AUXILIARY}


def names() -> list[str]:
    """Return the names of torchvision's classification networks."""
    return torchvision.models.list_models(module=torchvision.models)


def make_trunk(name: str) -> tuple[nn.Module, int]:
    """Make a network that returns embeddings instead of classes; return it and their width.

    Raises:
        ValueError: Not a classification network of torchvision, or one without a linear classifier.
    """
    known = names()
    if name not in known:
        raise unknown("backbone", name, known)
    make: Callable[..., nn.Module] = torchvision.models.get_model_builder(name)
    trunk = make(weights=None, **_ARGUMENTS.get(name, {}))
    linear = [path for path, layer in trunk.named_modules() if isinstance(layer, nn.Linear)]
    if not linear:
        msg = f"backbone {name!r} has no linear classifier whose input could be the embedding"
        raise ValueError(msg)
    parent, _, last = linear[-1].rpartition(".")
    owner = trunk.get_submodule(parent)
    width = getattr(owner, last).in_features
    setattr(owner, last, nn.Identity())
    return trunk, width
