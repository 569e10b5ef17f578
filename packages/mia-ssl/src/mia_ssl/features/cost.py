"""Cost of describing an image by features."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from mia_ssl._engine.backbones import Backbone
from mia_ssl._engine.cost import measure
from mia_ssl.features.method import IMAGE_SIZE
from mia_ssl.features.options import FeatureOptions

if TYPE_CHECKING:
    from mia_ssl._engine.records import Cost


def count_cost() -> Cost:
    """Count the cost of the default backbone with all of its stages."""
    image = torch.empty(1, 3, IMAGE_SIZE, IMAGE_SIZE, device="meta")
    return measure(
        lambda: Backbone(FeatureOptions().backbone),
        lambda backbone: backbone(image, range(len(backbone.strides))),
    )
