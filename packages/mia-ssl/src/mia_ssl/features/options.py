"""Options that all feature methods share."""

from __future__ import annotations

from dataclasses import dataclass

from mia_ssl._engine.options import check_choice, check_positive, whole_number
from mia_ssl.checks import check_between
from mia_ssl.features.orientations import AS_IS, ORIENTATIONS

FEATURE_PRECISIONS = ("float32", "bfloat16")


@dataclass(frozen=True, kw_only=True)
class FeatureOptions:
    """Options of the features and of the map.

    Attributes:
        backbone: Name of the frozen network: ``"efficientnet-lite0"``, ``"efficientnet-lite2"``,
            one of torchvision, or ``"timm:NAME"``.
        weights: File of its weights; None for where they are by default.
        stages: Numbers of the backbone's stages whose features are used, in ascending order; the
            cells of the first one are those that are scored.
        orientations: How often the normal images are seen: ``"as_is"`` (once), ``"mirrored"`` (also
            mirrored left to right), ``"rotated"`` (by all quarter turns) or ``"all"`` (both).
        smoothing: Standard deviation, in pixels, of the map's Gaussian blur, 0 (none) to 1000.
        feature_precision: Arithmetic of the frozen network, while fitting and scoring:
            ``"float32"``, or ``"bfloat16"``, which is faster where the processor or card computes
            in it and changes scores a little.
        memory: Memory in GB, at most, for what is kept of the normal images.
    """

    backbone: str = "efficientnet-lite0"
    weights: str | None = None
    stages: tuple[int, ...] = (2, 3)
    orientations: str = AS_IS
    smoothing: float = 4.0
    feature_precision: str = "float32"
    memory: float = 1.0

    def __post_init__(self) -> None:
        check_choice("orientations", self.orientations, ORIENTATIONS)
        check_choice("feature_precision", self.feature_precision, FEATURE_PRECISIONS)
        check_between(0, 1000, smoothing=self.smoothing)
        check_positive(memory=self.memory)
        stages = self.stages
        if not isinstance(stages, (tuple, list)) or not stages:
            msg = f"expected stages to be a tuple of at least one whole number, got {stages!r}"
            raise ValueError(msg)
        # The record is frozen; a saved model's list becomes a tuple.
        numbers = tuple(whole_number(f"stages[{i}]", n, least=0) for i, n in enumerate(stages))
        if list(numbers) != sorted(set(numbers)):
            msg = f"expected stages in ascending order, each once, got {stages!r}"
            raise ValueError(msg)
        object.__setattr__(self, "stages", numbers)

    @property
    def bytes(self) -> float:
        """Memory in bytes."""
        return self.memory * 1e9
