"""Feature methods: a frozen ImageNet network describes the image, a simple model the normal ones.

Nothing is trained: images pass the network once, and the model is computed from their features.
"""

from __future__ import annotations

from mia_ssl.features.build import build, load_medianomaly
from mia_ssl.features.cost import count_costs
from mia_ssl.features.detector import FeatureDetector
from mia_ssl.features.methods import METHODS

restore = FeatureDetector.from_saved
SYNTHESES: tuple[str, ...] = ()  # these methods paste nothing

__all__ = ["METHODS", "SYNTHESES", "build", "count_costs", "load_medianomaly", "restore"]
