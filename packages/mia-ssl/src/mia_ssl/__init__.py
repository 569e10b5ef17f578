"""Self-supervised methods for anomaly detection in medical images.

Names are loaded when first used: importing the package alone does not import torch.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mia_ssl._engine.records import Epoch, MethodInfo, Prediction
    from mia_ssl._engine.storage import ModelFileError
    from mia_ssl.densities import GaussianDensity, KernelDensity, NearestNeighbors
    from mia_ssl.method_table import METHODS
    from mia_ssl.registry import build, load, load_medianomaly, plot, synthesize

_HOMES = {
    "METHODS": "method_table",
    "build": "registry",
    "load": "registry",
    "load_medianomaly": "registry",
    "plot": "registry",
    "synthesize": "registry",
    "GaussianDensity": "densities",
    "KernelDensity": "densities",
    "NearestNeighbors": "densities",
    "Epoch": "_engine.records",
    "MethodInfo": "_engine.records",
    "ModelFileError": "_engine.storage",
    "Prediction": "_engine.records",
}

__all__ = [
    "METHODS",
    "Epoch",
    "GaussianDensity",
    "KernelDensity",
    "MethodInfo",
    "ModelFileError",
    "NearestNeighbors",
    "Prediction",
    "build",
    "load",
    "load_medianomaly",
    "plot",
    "synthesize",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
