"""Two-stage methods: embeddings, learned or of ImageNet, and a density of the normal ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mia_ssl.two_stage.build import build, restore
from mia_ssl.two_stage.medianomaly import load_medianomaly
from mia_ssl.two_stage.methods import TABLE, count_cost
from mia_ssl.two_stage.synthesize import SYNTHESES, synthesize

if TYPE_CHECKING:
    from mia_ssl._engine.records import MethodInfo

__all__ = [
    "METHODS",
    "SYNTHESES",
    "build",
    "count_cost",
    "load_medianomaly",
    "restore",
    "synthesize",
]

METHODS: dict[str, MethodInfo] = {name: method.info for name, method in TABLE.items()}
