"""Studies of medical anomaly detectors, and training and scoring on your own images.

The command line is ``mia-bench``. In Python: ``read_study``, ``run_study`` and ``gather`` for
studies, ``fit``, ``score``, ``load_model`` and ``export_model`` for your own images.
Names are loaded when first used: importing the package alone does not import torch.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mia_bench.detectors.protocol import Detector, Provider
    from mia_bench.errors import RunsFailedError, StudyError
    from mia_bench.export.export_model import Exported, export_model
    from mia_bench.inference.fit import fit
    from mia_bench.inference.loaded_model import LoadedModel, ScoredImages, load_model
    from mia_bench.inference.score import score
    from mia_bench.leaderboard.rows import gather
    from mia_bench.study.study import Study
    from mia_bench.study.study_file import read_study
    from mia_bench.study_runner import run_study

_HOMES = {
    "Detector": "detectors.protocol",
    "Exported": "export.export_model",
    "LoadedModel": "inference.loaded_model",
    "ScoredImages": "inference.loaded_model",
    "load_model": "inference.loaded_model",
    "Provider": "detectors.protocol",
    "RunsFailedError": "errors",
    "Study": "study.study",
    "StudyError": "errors",
    "export_model": "export.export_model",
    "fit": "inference.fit",
    "gather": "leaderboard.rows",
    "read_study": "study.study_file",
    "run_study": "study_runner",
    "score": "inference.score",
}

__all__ = [
    "Detector",
    "Exported",
    "LoadedModel",
    "Provider",
    "RunsFailedError",
    "ScoredImages",
    "Study",
    "StudyError",
    "export_model",
    "fit",
    "gather",
    "load_model",
    "read_study",
    "run_study",
    "score",
]

__version__: str


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("mia-bench")
    if name not in _HOMES:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
