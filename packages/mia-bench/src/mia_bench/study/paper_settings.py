"""How the study feeds its datasets to its families of methods.

Source: MedIAnomaly, https://arxiv.org/abs/2404.04518, and its public code.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mia_bench.detectors.protocol import MethodInfo

# (family, dataset) -> epochs, where the study trains longer than the method's default.
EPOCHS = {("reconstruction", "braintumor"): 600, ("one-stage", "vincxr"): 400}
# (family, dataset) that are read in colour though the family reads gray.
COLOUR = {("reconstruction", "camelyon16")}


def epochs(info: MethodInfo, dataset: str) -> int:
    """Epochs of the study's schedule for this method on this dataset."""
    return EPOCHS.get((info.family, dataset), info.epochs)


def channels(info: MethodInfo, dataset: str) -> int:
    """1 (gray) or 3 (RGB): what the study reads this dataset as for this method."""
    return 3 if (info.family, dataset) in COLOUR else info.channels
