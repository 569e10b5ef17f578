"""Runs studies of medical anomaly detectors, scores your own images and draws the results.

The command line is ``mia-bench``; the same in Python: ``read_study``, ``run_study``, ``gather``,
and ``fit`` and ``score`` for your own images.
Names are loaded when first used: importing the package alone does not import torch.
"""

from __future__ import annotations

import importlib
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mia_bench.contract import Detector, Provider
    from mia_bench.errors import RunsFailedError, StudyError
    from mia_bench.leaderboard import gather
    from mia_bench.own.fitting import fit
    from mia_bench.own.scoring import score
    from mia_bench.running import run_study
    from mia_bench.study import Study, read_study

_HOMES = {
    "Detector": "contract",
    "Provider": "contract",
    "RunsFailedError": "errors",
    "Study": "study",
    "StudyError": "errors",
    "fit": "own.fitting",
    "gather": "leaderboard",
    "read_study": "study",
    "run_study": "running",
    "score": "own.scoring",
}

__all__ = [
    "Detector",
    "Provider",
    "RunsFailedError",
    "Study",
    "StudyError",
    "fit",
    "gather",
    "read_study",
    "run_study",
    "score",
]

__version__ = version("mia-bench")


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
