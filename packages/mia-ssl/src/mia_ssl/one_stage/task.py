"""One training step: crop, paste, predict the label."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import torch
from torch.nn import functional as F

from mia_ssl._engine.adam import adam, load_adam
from mia_ssl.one_stage.augment import turn_and_crop
from mia_ssl.one_stage.synthesize import paste

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lightning_fabric import Fabric
    from torch import Tensor, nn

    from mia_ssl._engine.settings import Settings
    from mia_ssl.one_stage.methods import Method
    from mia_ssl.one_stage.settings import Options, Sides


def scaled(images: Tensor) -> Tensor:
    """uint8 -> float32 in [0, 1]."""
    return images.float().div_(255)


def cross_entropy(logits: Tensor, label: Tensor) -> Tensor:
    """Of the probabilities that the logits stand for."""
    return F.binary_cross_entropy_with_logits(logits.float(), label)


def squared_error(logits: Tensor, label: Tensor) -> Tensor:
    """Of the logits where they are above 0."""
    return F.mse_loss(F.relu(logits.float()), label)


class OneStageTask:
    """A ``Task`` of the engine: Adam, its rate on a cosine over the epochs."""

    def __init__(
        self,
        method: Method,
        network: nn.Module,
        options: Options,
        sides: Sides,
        settings: Settings,
        epochs: int,
        fabric: Fabric,
    ) -> None:
        self.method = method
        self.network = network
        self.options = options
        self.sides = sides
        self.epochs = epochs
        self.epoch = 0
        self.fabric = fabric
        self.forward = torch.compile(network) if settings.compile else network
        self.loss = squared_error if method.label == "intensity" else cross_entropy
        self.first_rate = settings.learning_rate
        self.optimizer = adam(network, settings)

    def step(self, images: Tensor, generator: torch.Generator) -> dict[str, Tensor]:
        """One gradient step; the loss."""
        crops = turn_and_crop(images, self.sides, self.options.rotation, generator)
        pasted, label = paste(self.method, crops, self.options, generator)
        with self.fabric.autocast():
            logits = self.forward(scaled(pasted))
        loss = self.loss(logits, label)
        self.optimizer.zero_grad()
        self.fabric.backward(loss)
        self.optimizer.step()
        return {"loss": loss}

    def end_epoch(self, losses: Mapping[str, float]) -> float:
        """Go on along the cosine; the rate that the epoch had."""
        had = self.optimizer.param_groups[0]["lr"]
        self.epoch += 1
        last = min(self.options.final_learning_rate, self.first_rate)
        share = (1 + math.cos(math.pi * self.epoch / self.epochs)) / 2
        self.optimizer.param_groups[0]["lr"] = last + (self.first_rate - last) * share
        return had

    def state_dict(self) -> dict[str, Any]:
        """Weights, Adam's moments and how far the cosine has come."""
        return {
            "network": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "epoch": self.epoch,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take back what ``state_dict`` gave."""
        self.network.load_state_dict(state["network"])
        load_adam(self.optimizer, state["optimizer"])
        self.epoch = state["epoch"]
