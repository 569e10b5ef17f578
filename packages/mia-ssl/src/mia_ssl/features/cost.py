"""Cost of describing an image by features, and of what is learned on top of them."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import torch
from torch import nn

from mia_ssl._engine.backbones import Backbone
from mia_ssl._engine.cost import measure
from mia_ssl.features.extract import grids_of
from mia_ssl.features.lesion_network import LesionNetwork
from mia_ssl.features.method import IMAGE_SIZE
from mia_ssl.features.methods.synthetic_lesions import SyntheticLesionsOptions
from mia_ssl.features.options import FeatureOptions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mia_ssl._engine.records import Cost


def count_costs() -> Mapping[str, Cost]:
    """Count the cost of each method: of the default backbone with all of its stages.

    synthetic-lesions alone trains a network on top of it.
    """
    image = torch.empty(1, 3, IMAGE_SIZE, IMAGE_SIZE, device="meta")
    features = measure(
        lambda: Backbone(FeatureOptions().backbone),
        lambda backbone: backbone(image, range(len(backbone.strides))),
    )
    return defaultdict(lambda: features, {"synthetic-lesions": _with_lesion_network(image)})


def _with_lesion_network(image: torch.Tensor) -> Cost:
    options = SyntheticLesionsOptions()

    def make() -> nn.ModuleList:
        backbone = Backbone(options.backbone)
        lesions = LesionNetwork([backbone.channels[stage] for stage in options.stages])
        return nn.ModuleList([backbone, lesions.requires_grad_(requires_grad=True)])

    def score(networks: nn.ModuleList) -> None:
        backbone, lesions = networks
        stages = backbone(image, options.stages)
        lesions(stages, grids_of(stages, IMAGE_SIZE, IMAGE_SIZE))

    return measure(make, score)
