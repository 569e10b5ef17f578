"""Reconstruction methods for anomaly detection in medical images.

>>> import mia_recon
>>> detector = mia_recon.build("ae").fit(images)        # uint8 (N, 1, 64, 64), normal images only
>>> scores, maps = detector.predict(new_images)         # higher is more abnormal

Names are loaded at their first use: importing the package alone does not import torch.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mia_recon._engine.records import Cost, Epoch, MethodInfo, Prediction
    from mia_recon._engine.storage import ModelFileError
    from mia_recon.detector import ReconstructionDetector
    from mia_recon.factory import build, load
    from mia_recon.medianomaly import load_medianomaly
    from mia_recon.method import Method
    from mia_recon.method_table import METHODS
    from mia_recon.plotting import plot_rows

_HOMES = {
    "METHODS": "method_table",
    "build": "factory",
    "load": "factory",
    "load_medianomaly": "medianomaly",
    "plot_rows": "plotting",
    "Cost": "_engine.records",
    "Epoch": "_engine.records",
    "Method": "method",
    "MethodInfo": "_engine.records",
    "ModelFileError": "_engine.storage",
    "Prediction": "_engine.records",
    "ReconstructionDetector": "detector",
}

__all__ = [
    "METHODS",
    "Cost",
    "Epoch",
    "Method",
    "MethodInfo",
    "ModelFileError",
    "Prediction",
    "ReconstructionDetector",
    "build",
    "load",
    "load_medianomaly",
    "plot_rows",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
