"""One training step of a generator against a discriminator, each with its Adam."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from torch import nn
from torch._functorch import config as functorch_config

from mia_recon._engine.adam import adam, load_adam
from mia_recon.task import compiled, normalise

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager

    import torch
    from lightning_fabric import Fabric
    from torch import Tensor

    from mia_recon._engine.settings import Settings
    from mia_recon.task import Loss

# Below this mean loss the discriminator has nothing left to teach and starts anew.
COLLAPSED = 1e-5


class AdversarialTask:
    """A ``Task`` of the engine for a network with a ``generator`` and a ``discriminator``.

    The method's loss gives ``"loss"`` for the generator and ``"discriminator_loss"``. Both are of
    the same pass, before either of the two has moved.
    """

    def __init__(
        self, loss: Loss, network: Any, options: Any, settings: Settings, fabric: Fabric
    ) -> None:
        self.loss = compiled(loss, settings)
        self.network = network
        self.options = options
        self.fabric = fabric
        self.generator = adam(network.generator, settings)
        self.discriminator = adam(network.discriminator, settings)
        self.collapsed = False

    def step(self, images: Tensor, generator: torch.Generator) -> dict[str, Tensor]:
        """One gradient step of each; the loss terms."""
        with _kept_buffers():
            return self._step(images, generator)

    def _step(self, images: Tensor, generator: torch.Generator) -> dict[str, Tensor]:
        if self.collapsed:
            redraw(self.network.discriminator, generator)
            self.collapsed = False
        with self.fabric.autocast():
            losses = self.loss(self.network, normalise(images), self.options, generator)
        self.generator.zero_grad()
        self.discriminator.zero_grad()
        # Each loss reaches the other network too; its gradient is wanted in its own alone.
        generator_weights = list(self.network.generator.parameters())
        discriminator_weights = list(self.network.discriminator.parameters())
        self.fabric.backward(losses["loss"], inputs=generator_weights, retain_graph=True)
        self.fabric.backward(losses["discriminator_loss"], inputs=discriminator_weights)
        self.generator.step()
        self.discriminator.step()
        return losses

    def end_epoch(self, losses: Mapping[str, float]) -> float:
        """The rate is constant; a collapsed discriminator starts anew with the next step."""
        self.collapsed = losses["discriminator_loss"] < COLLAPSED
        return self.generator.param_groups[0]["lr"]

    def state_dict(self) -> dict[str, Any]:
        """Weights, both Adams' moments, and whether the discriminator is to start anew."""
        return {
            "network": self.network.state_dict(),
            "generator": self.generator.state_dict(),
            "discriminator": self.discriminator.state_dict(),
            "collapsed": self.collapsed,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take back what ``state_dict`` gave."""
        self.network.load_state_dict(state["network"])
        load_adam(self.generator, state["generator"])
        load_adam(self.discriminator, state["discriminator"])
        self.collapsed = state["collapsed"]


def _kept_buffers() -> AbstractContextManager[Any]:
    """Two losses go back through one pass: a compiled one must keep its buffers for the second."""
    if hasattr(functorch_config, "donated_buffer"):  # from PyTorch 2.5 on
        return functorch_config.patch(donated_buffer=False)
    return nullcontext()


def redraw(discriminator: nn.Module, generator: torch.Generator) -> None:
    """New weights for convolutions and normalisations only, as the original; Adam keeps its state.

    Paper: https://arxiv.org/abs/1511.06434 (the distributions)
    """
    for layer in discriminator.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.normal_(layer.weight, 0, 0.02, generator=generator)
        elif isinstance(layer, nn.BatchNorm2d):
            nn.init.normal_(layer.weight, 1, 0.02, generator=generator)
            nn.init.zeros_(layer.bias)
