"""Training step of a generator against a discriminator, each with its own Adam."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from torch import nn
from torch._functorch import config as functorch_config

from mia_recon.method import TrainingTask, adam

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager

    import torch
    from lightning_fabric import Fabric
    from torch import Tensor

    from mia_recon._engine.settings import Settings
    from mia_recon.method import Loss

# Below this mean loss the discriminator has nothing left to teach, and is drawn anew.
COLLAPSED = 1e-5


class AdversarialTask(TrainingTask):
    """Training step of a network with a ``generator`` and a ``discriminator``.

    The method's loss gives ``"loss"`` for the generator and ``"discriminator_loss"``, both from the
    same pass, before either network has changed.
    """

    def __init__(
        self, loss: Loss, network: Any, options: Any, settings: Settings, fabric: Fabric
    ) -> None:
        optimizers = {
            "generator": adam(network.generator, settings),
            "discriminator": adam(network.discriminator, settings),
        }
        super().__init__(
            loss,
            network,
            options,
            settings,
            fabric,
            optimizers=optimizers,
            progress={"collapsed": False},
        )

    def step(self, images: Tensor, generator: torch.Generator) -> dict[str, Tensor]:
        """Take one gradient step of each network; return the terms of the losses."""
        with _kept_buffers():
            return self._step(images, generator)

    def _step(self, images: Tensor, generator: torch.Generator) -> dict[str, Tensor]:
        if self.progress["collapsed"]:
            redraw(self.network.discriminator, generator)
            self.progress["collapsed"] = False
        losses = self.losses(images, generator)
        for optimizer in self.optimizers.values():
            optimizer.zero_grad()
        # Each loss depends on the other network too, but only its own takes the gradient.
        generator_weights = list(self.network.generator.parameters())
        discriminator_weights = list(self.network.discriminator.parameters())
        self.fabric.backward(losses["loss"], inputs=generator_weights, retain_graph=True)
        self.fabric.backward(losses["discriminator_loss"], inputs=discriminator_weights)
        for optimizer in self.optimizers.values():
            optimizer.step()
        return losses

    def end_epoch(self, losses: Mapping[str, float]) -> float:
        """Return the constant learning rate; check whether the discriminator has collapsed."""
        self.progress["collapsed"] = losses["discriminator_loss"] < COLLAPSED
        return super().end_epoch(losses)


def _kept_buffers() -> AbstractContextManager[Any]:
    """Keep the buffers of a compiled pass, since two losses go back through it."""
    if hasattr(functorch_config, "donated_buffer"):  # from PyTorch 2.5 on
        return functorch_config.patch(donated_buffer=False)
    return nullcontext()


def redraw(discriminator: nn.Module, generator: torch.Generator) -> None:
    """Draw new weights for convolutions and normalizations only, as the original code does.

    Paper: https://arxiv.org/abs/1511.06434 (the distributions)
    """
    for layer in discriminator.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.normal_(layer.weight, 0, 0.02, generator=generator)
        elif isinstance(layer, nn.BatchNorm2d):
            nn.init.normal_(layer.weight, 1, 0.02, generator=generator)
            nn.init.zeros_(layer.bias)
