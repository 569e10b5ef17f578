"""msc: two views of an image attract each other, seen from the center of the normal features.

Paper: https://arxiv.org/abs/2106.03844
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F

from mia_ssl._engine.options import check_flag, check_positive
from mia_ssl._engine.records import MethodInfo
from mia_ssl.adapted.method import IMAGENET_SIZE, AdaptedMethod
from mia_ssl.adapted.options import AdaptedOptions
from mia_ssl.adapted.views import random_view

if TYPE_CHECKING:
    from torch import Tensor

    from mia_ssl.adapted.network import AdaptedNetwork


@dataclass(frozen=True, kw_only=True)
class MSCOptions(AdaptedOptions):
    """Options of msc.

    Attributes:
        temperature: Divides the cosines.
        angular: Whether features are also drawn to the center, which then has length 1.
    """

    temperature: float = 0.25
    angular: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        check_positive(temperature=self.temperature)
        check_flag(angular=self.angular)


def contrastive_loss(first: Tensor, second: Tensor, temperature: float) -> Tensor:
    """Return the mean of -log(softmax) of each view's cosine with the other view of its image.

    The softmax is over the cosines with all other views of the batch.

    Args:
        first: Vectors of one view of each image, [B, D].
        second: Vectors of another view, [B, D].
        temperature: Divides the cosines.

    Paper: https://arxiv.org/abs/2002.05709
    """
    views = F.normalize(torch.cat([first, second]), dim=1)
    count = len(first)
    cosines = views @ views.T / temperature
    itself = torch.eye(2 * count, dtype=torch.bool, device=views.device)
    partner = torch.arange(2 * count, device=views.device).roll(count)
    return F.cross_entropy(cosines.masked_fill(itself, -torch.inf), partner)


def loss(
    network: AdaptedNetwork,
    images: Tensor,
    center: Tensor,
    options: Any,
    generator: torch.Generator,
) -> Tensor:
    """Return the contrastive loss of two views' features less the center."""
    if options.angular:
        center = F.normalize(center, dim=0)
    first, second = (network(random_view(images, generator)) for _ in range(2))
    value = contrastive_loss(first - center, second - center, options.temperature)
    if options.angular:
        for features in (first, second):
            value = value + (features - center).square().sum(1).mean()
    return value


MSC = AdaptedMethod(
    info=MethodInfo(
        name="msc",
        family="adapted",
        summary="ImageNet features, trained by a contrast of views around their center",
        paper="https://arxiv.org/abs/2106.03844",
        image_size=IMAGENET_SIZE,
        channels=3,
        epochs=100,
        batch_size=64,
        learning_rate=1e-3,
        has_map=False,
        resample="bicubic",
    ),
    options=MSCOptions,
    loss=loss,
    unit_length=True,
)
