"""Cost of describing an image by features."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from mia_ssl._engine.cost import measure
from mia_ssl.features.backbone import Backbone
from mia_ssl.features.method import IMAGE_SIZE

if TYPE_CHECKING:
    from mia_ssl._engine.records import Cost


def count_cost() -> Cost:
    """Count the cost of the default backbone with all of its stages."""
    stages = range(len(Backbone.strides))
    image = torch.empty(1, 3, IMAGE_SIZE, IMAGE_SIZE, device="meta")
    return measure(Backbone, lambda backbone: backbone(image, stages))
