"""Settings of the study that depend on the dataset, and options that bring its code's behavior.

Source: MedIAnomaly, https://arxiv.org/abs/2404.04518, and its public code.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mia_bench.detectors.protocol import MethodInfo

# (family, dataset) -> epochs, where the study trains longer than the method's default.
EPOCHS = {("reconstruction", "braintumor"): 600, ("one-stage", "vincxr"): 400}
# Methods of these families with a schedule of their own, the same on each dataset: of steps, and of
# anoddpm and autoddpm of 3000 passes.
OWN_SCHEDULE = {"fae-mse", "fae-ssim", "rd", "rd++", "recontrast", "f-anogan"}
OWN_SCHEDULE |= {"anoddpm", "anoddpm-simplex", "autoddpm"}
# (family, dataset) that are read in color though the family reads gray.
COLOR = {("reconstruction", "camelyon16")}

# (method, dataset) -> options that differ from the method's defaults: dae's noise spares the black
# background of brain MRI.
OPTIONS: dict[tuple[str, str], Mapping[str, Any]] = {
    ("dae", "braintumor"): {"noise_region": "foreground"},
    ("dae", "brats2021"): {"noise_region": "foreground"},
}

# What `--as-original` sets. Method -> options with which it does what the original's code did;
# docs/deviations.md has the reason for each. A method without an entry needs none.
ORIGINAL_OPTIONS: dict[str, Mapping[str, Any]] = {
    "anatpaste": {"original_paste": True, "train_on_first": 3000},
    "cutpaste-2stage": {"train_on_first": 3000},
    "cutpaste-3way-2stage": {"original_places": True, "train_on_first": 3000},
    "cutpaste-scar-2stage": {"original_places": True, "train_on_first": 3000},
    "cutpaste-union-2stage": {"original_places": True, "train_on_first": 3000},
    "dae": {"original_noise": True},
    "vae": {"sample_at_test": True},
    "vae-combi": {"sample_at_test": True},
    "vae-elbo": {"sample_at_test": True},
    "vae-kl": {"sample_at_test": True},
    "vae-rec": {"sample_at_test": True},
}


def epochs(info: MethodInfo, dataset: str) -> int:
    """Return the epochs of the study's schedule for this method on this dataset."""
    if info.name in OWN_SCHEDULE:
        return info.epochs
    return EPOCHS.get((info.family, dataset), info.epochs)


def channels(info: MethodInfo, dataset: str) -> int:
    """Return 1 (gray) or 3 (RGB): how the study reads this dataset for this method."""
    return 3 if (info.family, dataset) in COLOR else info.channels


def options(info: MethodInfo, dataset: str) -> dict[str, Any]:
    """Return the study's options for this method on this dataset, beyond the method's defaults."""
    return dict(OPTIONS.get((info.name, dataset), {}))


def original_options(method: str) -> dict[str, Any]:
    """Return the options with which a method does what the original's code did."""
    return dict(ORIGINAL_OPTIONS.get(method, {}))
