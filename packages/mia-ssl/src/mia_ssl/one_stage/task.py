"""A training step: rotate and crop, paste, predict the label."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import torch

from mia_ssl._engine.adam import adam, load_adam
from mia_ssl.one_stage.label_loss import label_loss
from mia_ssl.one_stage.rotate_and_crop import rotate_and_crop
from mia_ssl.pasting.paste import paste

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lightning_fabric import Fabric
    from torch import Tensor, nn

    from mia_ssl._engine.settings import Settings
    from mia_ssl.one_stage.options import Options, Sides
    from mia_ssl.pasting.recipe import Recipe


def scaled(images: Tensor) -> Tensor:
    """Turn uint8 into float32 in [0, 1]."""
    return images.float().div_(255)


class OneStageTask:
    """A ``Task`` of the engine: Adam, its learning rate on a cosine over the epochs."""

    def __init__(
        self,
        recipe: Recipe,
        network: nn.Module,
        options: Options,
        sides: Sides,
        settings: Settings,
        epochs: int,
        fabric: Fabric,
    ) -> None:
        self.recipe = recipe
        self.network = network
        self.options = options
        self.sides = sides
        self.epochs = epochs
        self.epoch = 0
        self.fabric = fabric
        self.forward = torch.compile(network) if settings.compile else network
        self.first_rate = settings.learning_rate
        self.optimizer = adam(network, settings)

    def step(self, images: Tensor, generator: torch.Generator) -> dict[str, Tensor]:
        """Take one gradient step and return the loss."""
        crops = rotate_and_crop(
            images, self.sides, self.options.rotation, generator, self.options.interpolation
        )
        pasted, label = paste(self.recipe, crops, self.options, generator)
        with self.fabric.autocast():
            logits = self.forward(scaled(pasted))
        loss = label_loss(self.recipe.label, logits, label)
        self.optimizer.zero_grad()
        self.fabric.backward(loss)
        self.optimizer.step()
        return {"loss": loss}

    def end_epoch(self, losses: Mapping[str, float]) -> float:
        """Go on along the cosine and return the learning rate of the epoch that has ended."""
        had = self.optimizer.param_groups[0]["lr"]
        self.epoch += 1
        last = min(self.options.final_learning_rate, self.first_rate)
        share = (1 + math.cos(math.pi * self.epoch / self.epochs)) / 2
        self.optimizer.param_groups[0]["lr"] = last + (self.first_rate - last) * share
        return had

    def state_dict(self) -> dict[str, Any]:
        """Return weights, Adam's moments and the number of epochs behind."""
        return {
            "network": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "epoch": self.epoch,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take back the result of ``state_dict``."""
        self.network.load_state_dict(state["network"])
        load_adam(self.optimizer, state["optimizer"])
        self.epoch = state["epoch"]
