"""Facts of the original experiments: the settings and options behind the published figures.

They are facts of the original's papers and code, not defaults of this software, so that a figure
stays marked as another experiment's until a run does what the original did. ``unset`` alone speaks
of this software; a test compares it with the methods.

Source: MedIAnomaly, https://arxiv.org/abs/2404.04518, and its public code.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

MRI = ("braintumor", "brats2021")


@dataclass(frozen=True, kw_only=True)
class OriginalExperiment:
    """Settings and options that the original trained a method with.

    Attributes:
        epochs: Training epochs.
        image_size: Side of the images.
        channels: 1 (gray) or 3 (RGB).
        resize: How images are brought to this size.
        resample: The filter that they are resized with.
        options: Option -> the original's value.
        unset: Option -> the value that this software takes where it is not set, if that is another.
        required: Option that has to be set -> what differs where it is not.
        differences: Known differences that no option removes.
    """

    epochs: int
    image_size: int
    channels: int
    resize: str
    resample: str = "bilinear"
    options: Mapping[str, Any] = field(default_factory=dict)
    unset: Mapping[str, Any] = field(default_factory=dict)
    required: Mapping[str, str] = field(default_factory=dict)
    differences: tuple[str, ...] = ()


_NETWORK = {"latent": 16, "width": 16, "depth": 4, "hidden": 1024}
_TRAINING = {"batch_size": 64, "learning_rate": 1e-3, "precision": "32-true"}
_AUTOENCODER = OriginalExperiment(
    epochs=250,
    image_size=64,
    channels=1,
    resize="squash",
    options={**_NETWORK, **_TRAINING},
)
_VAE = replace(
    _AUTOENCODER,
    options={**_AUTOENCODER.options, "kl_weight": 0.005, "sample_at_test": True},
    unset={"sample_at_test": False},
)
_ONE_STAGE = OriginalExperiment(
    epochs=250,
    image_size=256,
    channels=1,
    resize="short_side",
    resample="lanczos",
    options=_TRAINING,
)
_EXPERIMENTS = {
    "ae": _AUTOENCODER,
    "ae-l1": _AUTOENCODER,
    "ae-ssim": _AUTOENCODER,
    "ae-perceptual": replace(
        _AUTOENCODER,
        required={
            "statistics": "features are normalized by the training images' statistics, the "
            "original's by a file of ImageNet's"
        },
    ),
    "ae-spatial": _AUTOENCODER,
    "constrained-ae": _AUTOENCODER,
    "memae": replace(
        _AUTOENCODER,
        options={
            **_AUTOENCODER.options,
            **{"slots": 25, "shrink_threshold": 0.0025, "entropy_weight": 0.0002},
        },
    ),
    "ceae": replace(_AUTOENCODER, options={**_AUTOENCODER.options, "patch": 10}),
    "aeu": _AUTOENCODER,
    "ae-grad": _AUTOENCODER,
    "dae": OriginalExperiment(
        epochs=250,
        image_size=128,
        channels=1,
        resize="squash",
        options={
            **_TRAINING,
            **{"batch_size": 16, "depth": 5, "filters": 64},
            **{"noise_std": 0.2, "noise_resolution": 16, "original_noise": True},
        },
        unset={"original_noise": False},
    ),
    "vae": _VAE,
    "vae-elbo": _VAE,
    "vae-kl": _VAE,
    "vae-rec": _VAE,
    "vae-combi": _VAE,
    "cutpaste": _ONE_STAGE,
    "fpi": _ONE_STAGE,
    "pii": _ONE_STAGE,
    "nsa": _ONE_STAGE,
    "fae-ssim": OriginalExperiment(
        epochs=100,  # of 100 steps: 10,000
        image_size=128,
        channels=1,
        resize="squash",
        options={
            **{"batch_size": 64, "learning_rate": 5e-4, "precision": "32-true"},
            **{"backbone": "resnet18", "depth": 4, "dropout": 0.1, "steps_per_epoch": 100},
        },
        differences=(
            "BatchNorm of the frozen network uses the statistics of ImageNet, the original's those "
            "of each batch",
        ),
    ),
    "autoddpm": OriginalExperiment(
        epochs=3000,
        image_size=128,
        channels=1,
        resize="squash",
        options={"batch_size": 16, "learning_rate": 1e-4, "steps": 1000, "level": 200},
        differences=(
            "settings of the method's own code, the study's are not known",
            "LPIPS without learned weights",
        ),
    ),
    "msc": OriginalExperiment(
        epochs=100,
        image_size=224,
        channels=3,
        resize="short_side",
        resample="bicubic",
        options={
            **{"batch_size": 64, "learning_rate": 1e-3, "precision": "32-true"},
            **{"backbone": "resnet18", "weight_decay": 5e-5, "temperature": 0.25},
        },
        differences=(
            "views are cut from the image at 224 pixels, the original's from the image as stored",
        ),
    ),
}
_ONE_STAGE_METHODS = {"cutpaste", "fpi", "pii", "nsa"}
# Trained for as long on every dataset.
_ONE_SCHEDULE = {"fae-ssim", "autoddpm", "msc"}


def original_experiment(method: str, dataset: str) -> OriginalExperiment:
    """Return the original's experiment with a method on a dataset.

    Raises:
        KeyError: The table has no facts of this method.
    """
    found = _EXPERIMENTS[method]
    if method in _ONE_STAGE_METHODS:
        return replace(found, epochs=400) if dataset == "vincxr" else found
    if dataset == "braintumor" and method not in _ONE_SCHEDULE:
        found = replace(found, epochs=600)
    if dataset == "camelyon16":
        found = replace(found, channels=3)
    if method == "dae":  # the noise is kept inside the head on MRI alone
        region = "foreground" if dataset in MRI else "everywhere"
        unset = {**found.unset, "noise_region": "everywhere"}
        found = replace(found, options={**found.options, "noise_region": region}, unset=unset)
    return found
