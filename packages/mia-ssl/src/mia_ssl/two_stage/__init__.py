"""Two-stage methods: embeddings of images, and a density of the normal ones.

The network learns to classify original images and images with something pasted in, or it is one
that was trained on ImageNet.
"""

from __future__ import annotations

from mia_ssl.two_stage.build import build
from mia_ssl.two_stage.detector import TwoStageDetector
from mia_ssl.two_stage.medianomaly import load_medianomaly
from mia_ssl.two_stage.methods import METHODS
from mia_ssl.two_stage.network import count_cost
from mia_ssl.two_stage.synthesize import SYNTHESES, synthesize

restore = TwoStageDetector.from_saved

__all__ = [
    "METHODS",
    "SYNTHESES",
    "build",
    "count_cost",
    "load_medianomaly",
    "restore",
    "synthesize",
]
