"""Pretrained weights that a method needs at its defaults, and whether they are on this machine.

Found without importing PyTorch, and without a download.
"""

from __future__ import annotations

import importlib.util
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mia_bench.detectors.protocol import MethodInfo

TORCHVISION, PACKAGE = "torchvision", "package"


@dataclass(frozen=True)
class PretrainedWeights:
    """Pretrained weights of a method.

    Attributes:
        kind: ``"torchvision"`` for a file in torchvision's cache, ``"package"`` for an installed
            package.
        name: Name of the file or of the package's module.
    """

    kind: str
    name: str

    @property
    def are_here(self) -> bool:
        """True if they are on this machine."""
        if self.kind == PACKAGE:
            return importlib.util.find_spec(self.name) is not None
        return (torchvision_cache() / self.name).is_file()


def weights_of(info: MethodInfo) -> PretrainedWeights | None:
    """Return the weights that a method needs at its defaults, None where it names none."""
    kind, _, name = (getattr(info, "weights", None) or "").partition(":")
    return PretrainedWeights(kind, name) if kind in (TORCHVISION, PACKAGE) and name else None


def torchvision_cache() -> Path:
    """Return the folder of torchvision's weights: where ``torch.hub`` keeps them by default."""
    cache = os.environ.get("XDG_CACHE_HOME", "~/.cache")
    home = os.environ.get("TORCH_HOME", str(Path(cache, "torch")))
    return Path(home, "hub", "checkpoints").expanduser()
