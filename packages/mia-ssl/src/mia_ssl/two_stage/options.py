"""Options that all two-stage methods share, with the study's values."""

from __future__ import annotations

import os
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from mia_ssl._engine.options import (
    check_choice,
    check_counts,
    check_names,
    check_positive,
    parse_options,
    whole_number,
)
from mia_ssl._engine.settings import SETTINGS
from mia_ssl.checks import check_between, counts
from mia_ssl.densities.nearest_neighbors import METRICS
from mia_ssl.two_stage.color_jitter import STRONGEST

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mia_ssl.two_stage.method import TwoStageMethod

DENSITIES = ("gaussian", "kernel", "neighbors", "classifier")
NORMALIZATIONS = ("half", "imagenet")


@dataclass(frozen=True, kw_only=True)
class TwoStageOptions:
    """Options of the network, its training and the score.

    Attributes:
        backbone: Name of a classification network of torchvision.
        weights: Initial weights of the trunk: a name of torchvision's weights for this backbone
            (``"DEFAULT"``, ``"IMAGENET1K_V1"``), the path of a state dict, or None for random.
        normalization: ``"half"``: (x - 0.5) / 0.5; ``"imagenet"``: ImageNet's mean and deviation.
        head: Widths of the projection head's layers.
        image_jitter: Strength of the color jitter of the whole image before anything is pasted in
            training, 0 to 0.5; see ``JitterFactors``.
        train_on_first: Number of images, from the first on, that are trained on (the original's
            3000); None: all. The density sees all of them in any case.
        steps_per_epoch: Training steps in an epoch, through the images as often as that takes.
        momentum: Momentum of SGD.
        weight_decay: Weight decay of SGD.
        restart_epochs: Epochs from one warm restart of the cosine rate to the next; None: no
            restart within the training.
        freeze_epochs: First epochs in which a pretrained trunk stays as it is.
        density: Score of an embedding: ``"gaussian"``, ``"kernel"``, ``"neighbors"``, or
            ``"classifier"`` for the probability of not being an original.
        l2_normalize: Whether the Gaussian and the kernel density see embeddings of length 1.
        bandwidth: Standard deviation of the kernel density's kernel.
        k: Number of nearest neighbors.
        metric: Distance to the neighbors: ``"cosine"``, ``"euclidean"`` or ``"squared"``.
        with_map: Whether ``predict`` also scores pixels, from embeddings of patches.
        map_layer: Layer of the trunk whose feature grid gives the patches.
        map_patches: Patches of the training images, at most, that the map's density learns from.
    """

    backbone: str = "resnet18"
    weights: str | None = None
    normalization: str = "half"
    head: tuple[int, ...] = (512, 128)
    image_jitter: float = 0.1
    train_on_first: int | None = None
    steps_per_epoch: int = 256
    momentum: float = 0.9
    weight_decay: float = 3e-5
    restart_epochs: int | None = None
    freeze_epochs: int = 0
    density: str = "gaussian"
    l2_normalize: bool = True
    bandwidth: float = 1.0
    k: int = 1
    metric: str = "cosine"
    with_map: bool = False
    map_layer: str = "layer3"
    map_patches: int = 20_000

    def __post_init__(self) -> None:
        check_choice("normalization", self.normalization, NORMALIZATIONS)
        check_choice("density", self.density, DENSITIES)
        check_choice("metric", self.metric, METRICS)
        check_counts(steps_per_epoch=self.steps_per_epoch, k=self.k, map_patches=self.map_patches)
        check_positive(bandwidth=self.bandwidth)
        check_between(0, STRONGEST, image_jitter=self.image_jitter)
        check_between(0, 1, momentum=self.momentum)
        check_between(0, weight_decay=self.weight_decay, freeze_epochs=self.freeze_epochs)
        if self.freeze_epochs and self.weights is None:
            msg = (
                "expected weights for a trunk that is frozen at first, "
                f"got freeze_epochs={self.freeze_epochs} without weights"
            )
            raise ValueError(msg)
        if self.with_map and self.density == "classifier":
            msg = "expected a density of patches for with_map=True, got density='classifier'"
            raise ValueError(msg)
        # The record is frozen; a path and a saved model's list become what files can hold.
        object.__setattr__(self, "head", counts("head", self.head))
        for name in ("restart_epochs", "train_on_first"):
            if getattr(self, name) is not None:
                object.__setattr__(self, name, whole_number(name, getattr(self, name), least=1))
        if self.weights is not None:
            object.__setattr__(self, "weights", _name_or_path(self.weights))


def _name_or_path(weights: Any) -> str:
    try:
        return os.fsdecode(weights)
    except TypeError as error:
        msg = f"expected weights to be a name, a path or None, got {weights!r}"
        raise ValueError(msg) from error


def split_options(
    method: TwoStageMethod, options: Mapping[str, Any]
) -> tuple[TwoStageOptions, Any]:
    """Return the options of a method that all two-stage methods share, and those of its pastes.

    Args:
        method: The method, which has defaults of its own.
        options: Options as a user names them.

    Raises:
        ValueError: An option that neither has, or a value of another kind or out of range.
    """
    shared = [field.name for field in fields(TwoStageOptions)]
    own = [field.name for field in fields(method.paste_options)]
    owner = method.info.name
    also = [name for name in SETTINGS if name != "compile"]
    check_names(options, shared + own, owner=owner, also=also)
    values = {**method.defaults, **options}
    return (
        parse_options(
            TwoStageOptions, {k: v for k, v in values.items() if k in shared}, owner=owner
        ),
        parse_options(
            method.paste_options, {k: v for k, v in values.items() if k in own}, owner=owner
        ),
    )
