"""Options that all methods of adapted features share."""

from __future__ import annotations

from dataclasses import dataclass

from mia_ssl._engine.options import check_choice, paths_as_text, whole_number
from mia_ssl.checks import check_between

SCORINGS = ("gde", "knn")


@dataclass(frozen=True, kw_only=True)
class AdaptedOptions:
    """Options of the network, its training and the score.

    Attributes:
        backbone: Network that is trained further: one of torchvision's, ``"efficientnet-lite0"``,
            whose weights need no download, or ``"timm:NAME"``. Features are the means of its last
            stage.
        weights: File of the weights that it starts from; None for where they are by default.
        trained_stages: Number of its last stages that are trained; None for all.
        weight_decay: Weight decay of SGD.
        scoring: ``"gde"``: Mahalanobis distance of the features of length 1, their covariance
            shrunk by Ledoit and Wolf's rule; ``"knn"``: mean squared distance to the two nearest
            normal features.
    """

    backbone: str = "resnet18"
    weights: str | None = None
    trained_stages: int | None = None
    weight_decay: float = 5e-5
    scoring: str = "gde"

    def __post_init__(self) -> None:
        check_choice("scoring", self.scoring, SCORINGS)
        check_between(0, weight_decay=self.weight_decay)
        paths_as_text(self, "weights")
        if self.trained_stages is not None:
            stages = whole_number("trained_stages", self.trained_stages, least=1)
            # The record is frozen; NumPy's numbers cannot be written to JSON.
            object.__setattr__(self, "trained_stages", stages)
