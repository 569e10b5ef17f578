"""Network of the two-stage methods: trunk, projection head and classifier."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

from mia_ssl._engine.cost import measure
from mia_ssl.two_stage.backbones import make_trunk
from mia_ssl.two_stage.method import IMAGE_SIZE
from mia_ssl.two_stage.options import TwoStageOptions

if TYPE_CHECKING:
    from torch import Tensor

    from mia_ssl._engine.records import Cost

_IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))  # mean, standard deviation


class TwoStageNetwork(nn.Module):
    """Trunk that embeds images, and a head with a classifier that serve its training.

    Args:
        backbone: One of ``backbones.names()``.
        head: Widths of the head's layers.
        classes: Classes of the classifier; 0 for a trunk alone.
    """

    def __init__(self, backbone: str, head: tuple[int, ...], classes: int) -> None:
        super().__init__()
        self.trunk, self.width = make_trunk(backbone)
        if classes:
            self.head = projection(self.width, head)
            self.out = nn.Linear((self.width, *head)[-1], classes)

    def classify(self, embedding: Tensor) -> Tensor:
        """Return logits [B, classes] of embeddings [B, D]; class 0 is the original."""
        return self.out(self.head(embedding))

    def forward(self, x: Tensor) -> Tensor:
        """Return embeddings [B, D] of images [B, 3, S, S]."""
        return self.trunk(x)


def projection(width: int, head: tuple[int, ...]) -> nn.Sequential:
    """Make a head [B, width] -> [B, head[-1]]: linear, BatchNorm and ReLU for each width."""
    layers: list[nn.Module] = []
    for out in head:
        layers += [nn.Linear(width, out), nn.BatchNorm1d(out), nn.ReLU(inplace=True)]
        width = out
    return nn.Sequential(*layers)


def draw_network(
    backbone: str, head: tuple[int, ...], classes: int, generator: torch.Generator
) -> TwoStageNetwork:
    """Make a network with the random weights that torchvision draws, all from this generator.

    torchvision draws from the global generator: for that while it is seeded with this one's seed,
    and afterwards it is as it was.
    """
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(generator.initial_seed())
        return TwoStageNetwork(backbone, head, classes)


def count_cost() -> Cost:
    """Count the cost of the default trunk; head and classifier only serve its training."""
    backbone = TwoStageOptions().backbone
    return measure(
        lambda: make_trunk(backbone)[0],
        lambda trunk: trunk(torch.empty(1, 3, IMAGE_SIZE, IMAGE_SIZE, device="meta")),
    )


def normalize(images: Tensor, normalization: str) -> Tensor:
    """Scale uint8 [B, 1 or 3, S, S] to float32 [B, 3, S, S]; gray becomes three equal channels."""
    x = images.float().div_(255)
    if normalization == "half":
        x = x.sub_(0.5).div_(0.5)
        return x.expand(-1, 3, -1, -1)
    mean, deviation = x.new_tensor(_IMAGENET)[:, :, None, None]
    return (x - mean) / deviation
