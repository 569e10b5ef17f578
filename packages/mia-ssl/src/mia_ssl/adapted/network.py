"""An ImageNet network that is trained further, and the features that it gives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
from torch import nn

if TYPE_CHECKING:
    from torch import Tensor
    from typing_extensions import Self

    from mia_ssl._engine.backbones import Backbone


class AdaptedNetwork(nn.Module):
    """Network that gives the means of its last stage.

    Its weights are zeros until ``start`` reads those that it starts from, or a saved model's are
    loaded. It is always in evaluation mode: BatchNorm keeps its ImageNet statistics.

    Args:
        backbone: The network's name and the weights that it starts from.
        trained_stages: Number of the last stages that are trained; None for all.
        crop: Side of the square in the middle of an image that is used, as a share of the image's.
        unit_length: Whether features are scaled to length 1.

    Attributes:
        width: Length of the features.

    Raises:
        ValueError: The network has fewer stages than are to be trained, or none that can be told
            apart.
    """

    def __init__(
        self,
        backbone: Backbone,
        *,
        trained_stages: int | None,
        crop: float = 1.0,
        unit_length: bool = False,
    ) -> None:
        super().__init__()
        self.backbone = backbone
        self.width = backbone.channels[-1]
        self.crop = crop
        self.unit_length = unit_length
        self._last = len(backbone.channels) - 1
        device = torch.empty(0).device  # ``meta`` where costs are counted
        self.trunk = backbone.make(device).to(memory_format=torch.channels_last)
        with torch.no_grad():
            for value in self.trunk.state_dict().values():
                value.zero_()
        _freeze_first(self.trunk, backbone, trained_stages)

    def train(self, mode: bool = True) -> Self:
        """Stay in evaluation mode."""
        return super().train(mode=False)

    def start(self) -> None:
        """Read the weights that the training starts from.

        Raises:
            FileNotFoundError: They are not to be had.
            ValueError: A file of another network, or another one than before.
        """
        self.trunk.load_state_dict(self.backbone.read().state_dict())

    def forward(self, images: Tensor) -> Tensor:
        """Return features [B, D] of images, uint8 [B, 1 or 3, S, S]."""
        x = center_crop(images, self.crop).float().div(255)
        x = self.backbone.normalize(x).contiguous(memory_format=torch.channels_last)
        (cells,) = self.trunk(x, [self._last])
        features = cells.mean((2, 3)).float()
        return F.normalize(features, dim=1) if self.unit_length else features


def center_crop(images: Tensor, share: float) -> Tensor:
    """Return the square in the middle of images [B, C, S, S], of this share of their side."""
    size = int(images.shape[-1])  # a tensor while a graph is traced
    side = round(size * share)
    first = round((size - side) / 2)
    return images[..., first : first + side, first : first + side]


def _freeze_first(trunk: Any, backbone: Backbone, trained_stages: int | None) -> None:
    """Turn off the gradients of all stages but the last ones."""
    if trained_stages is None:
        return
    stages = getattr(trunk, "stages", None)
    if stages is None or trained_stages > len(stages):
        known = "none that can be told apart" if stages is None else len(stages)
        msg = "expected trained_stages to be None (all) or at most the number of stages of "
        msg += f"{backbone.name!r}, got {trained_stages} of {known}"
        raise ValueError(msg)
    stages[: len(stages) - trained_stages].requires_grad_(requires_grad=False)
