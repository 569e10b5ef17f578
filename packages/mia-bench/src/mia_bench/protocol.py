"""How the study feeds its datasets to its families of methods.

Source: MedIAnomaly, https://arxiv.org/abs/2404.04518, and its public code.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mia_bench.contract import MethodInfo

# (family, dataset) -> epochs, where the study trains longer than the method's default.
EPOCHS = {("reconstruction", "braintumor"): 600, ("one-stage", "vincxr"): 400}
# (family, dataset) that are read in colour though the family reads gray.
COLOUR = {("reconstruction", "camelyon16")}
# (method, dataset) -> options that differ from the method's defaults: dae's noise spares the black
# background of brain MRI.
OPTIONS: dict[tuple[str, str], dict[str, Any]] = {
    ("dae", "braintumor"): {"noise_region": "foreground"},
    ("dae", "brats2021"): {"noise_region": "foreground"},
}


def epochs(info: MethodInfo, dataset: str) -> int:
    """Epochs of the study's schedule for this method on this dataset."""
    return EPOCHS.get((info.family, dataset), info.epochs)


def options(info: MethodInfo, dataset: str) -> dict[str, Any]:
    """Options of the study for this method on this dataset, beyond the method's defaults."""
    return dict(OPTIONS.get((info.name, dataset), {}))


def channels(info: MethodInfo, dataset: str) -> int:
    """1 (gray) or 3 (RGB): what the study reads this dataset as for this method."""
    return 3 if (info.family, dataset) in COLOUR else info.channels
