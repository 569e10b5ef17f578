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
# (family, dataset) that are read in color though the family reads gray.
COLOR = {("reconstruction", "camelyon16")}

# What `--as-original` sets. Method -> options with which it does what the original's code did;
# docs/deviations.md has the reason for each. A method without an entry needs none.
ORIGINAL_OPTIONS: dict[str, Mapping[str, Any]] = {
    "dae": {"original_noise": True},
    "vae": {"sample_at_test": True},
    "vae-combi": {"sample_at_test": True},
    "vae-elbo": {"sample_at_test": True},
    "vae-kl": {"sample_at_test": True},
    "vae-rec": {"sample_at_test": True},
}
# (method, datasets) -> options that it has there instead of, or beside, those above.
ORIGINAL_OPTIONS_ON: dict[tuple[str, tuple[str, ...]], Mapping[str, Any]] = {
    # Noise stays inside the foreground on the two MRI datasets alone.
    ("dae", ("rsna", "vincxr", "lag", "isic2018", "camelyon16")): {"foreground": False},
}


def epochs(info: MethodInfo, dataset: str) -> int:
    """Return the epochs of the study's schedule for this method on this dataset."""
    return EPOCHS.get((info.family, dataset), info.epochs)


def channels(info: MethodInfo, dataset: str) -> int:
    """Return 1 (gray) or 3 (RGB): how the study reads this dataset for this method."""
    return 3 if (info.family, dataset) in COLOR else info.channels


def original_options(method: str, dataset: str) -> dict[str, Any]:
    """Return the options with which a method does on a dataset what the original's code did."""
    options = dict(ORIGINAL_OPTIONS.get(method, {}))
    for (name, datasets), more in ORIGINAL_OPTIONS_ON.items():
        if name == method and dataset in datasets:
            options |= more
    return options
