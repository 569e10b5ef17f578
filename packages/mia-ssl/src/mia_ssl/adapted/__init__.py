"""Adapted features: an ImageNet network is trained further on the normal images.

A density is fitted to the features of the normal images afterwards, and scores how unlikely those
of another image are.
"""

from __future__ import annotations

from mia_ssl.adapted.build import build, load_medianomaly
from mia_ssl.adapted.cost import count_costs
from mia_ssl.adapted.detector import AdaptedDetector
from mia_ssl.adapted.methods import METHODS

restore = AdaptedDetector.from_saved
SYNTHESES: tuple[str, ...] = ()  # these methods paste nothing

__all__ = ["METHODS", "SYNTHESES", "build", "count_costs", "load_medianomaly", "restore"]
