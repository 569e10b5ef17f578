"""One-stage methods: a network learns to find pasted anomalies, pixel by pixel."""

from __future__ import annotations

from mia_ssl.one_stage.build import build, load_medianomaly
from mia_ssl.one_stage.cost import count_cost
from mia_ssl.one_stage.detector import OneStageDetector
from mia_ssl.one_stage.methods import METHODS
from mia_ssl.one_stage.synthesize import synthesize

restore = OneStageDetector.from_saved
SYNTHESES: tuple[str, ...] = tuple(METHODS)

__all__ = [
    "METHODS",
    "SYNTHESES",
    "build",
    "count_cost",
    "load_medianomaly",
    "restore",
    "synthesize",
]
