"""One training step: paste, tell the pastes from the originals, SGD."""

from __future__ import annotations

import math
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
import torchvision
from torch import nn

from mia_ssl._engine.seeding import generator as make_generator
from mia_ssl.two_stage.augment.variant import Canvas
from mia_ssl.two_stage.network import normalise

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from lightning_fabric import Fabric
    from torch import Tensor

    from mia_ssl._engine.settings import Settings
    from mia_ssl.two_stage.augment.lungs import LungFields
    from mia_ssl.two_stage.methods import Method
    from mia_ssl.two_stage.network import TwoStageNetwork
    from mia_ssl.two_stage.options import Options

_PASTES = 3  # stream of the seed; the engine has 0 to 2
# Layers that draw from torch's global generator.
_RANDOM = (nn.modules.dropout._DropoutNd, torchvision.ops.StochasticDepth)


class TwoStageTask:
    """A ``Task`` of the engine.

    Args:
        method: What is pasted.
        network: What learns.
        options: The shared options.
        pasting: The variants' options.
        settings: Of the training.
        fabric: Device and precision.
        seed: Of the pastes.
        epochs: Of the whole training.
        fields: Gives the fields of the images at hand, for a method that needs them.
    """

    def __init__(
        self,
        method: Method,
        network: TwoStageNetwork,
        *,
        options: Options,
        pasting: Any,
        settings: Settings,
        fabric: Fabric,
        seed: int,
        epochs: int,
        fields: Callable[[], LungFields | None] = lambda: None,
    ) -> None:
        self.method = method
        self.network = network
        self.options = options
        self.pasting = pasting
        self.fabric = fabric
        self.seed = seed
        self.fields = fields
        self.base_rate = settings.learning_rate
        self.period = options.restart_epochs or max(epochs, 1)
        self.is_random = any(isinstance(layer, _RANDOM) for layer in network.modules())
        self.optimizer = torch.optim.SGD(
            network.parameters(),
            lr=settings.learning_rate,
            momentum=options.momentum,
            weight_decay=options.weight_decay,
        )
        self._batch: Tensor | None = None
        self._start_epoch(0)

    def step(self, images: Tensor, generator: torch.Generator) -> dict[str, Tensor]:
        """One step on the originals and one paste of each variant."""
        batch = self._memory(images)
        batch[0] = images
        paste_copies(*(self.method, images, self.draws, self.pasting, self.fields()), out=batch[1:])
        classes = torch.arange(len(batch), device=images.device).repeat_interleave(len(images))
        with self.fabric.autocast(), self._global_draws():
            x = normalise(batch.flatten(0, 1), self.options.normalisation)
            logits = self.network.classify(self._embed(x))
            loss = F.cross_entropy(logits, classes)
        self.optimizer.zero_grad(set_to_none=True)
        self.fabric.backward(loss)
        self.optimizer.step()
        return {"loss": loss, "error": (logits.argmax(1) != classes).float().mean()}

    def end_epoch(self, losses: Mapping[str, float]) -> float:
        """Go on to the next epoch's rate and draws."""
        rate = self.optimizer.param_groups[0]["lr"]
        self._start_epoch(self.epoch + 1)
        return rate

    def state_dict(self) -> dict[str, Any]:
        """Weights, momentum, and the epochs done."""
        return {
            "network": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "epoch": self.epoch,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take back what ``state_dict`` gave."""
        self.network.load_state_dict(state["network"])
        self.optimizer.load_state_dict(state["optimizer"])
        self._start_epoch(state["epoch"])

    def _start_epoch(self, epoch: int) -> None:
        self.epoch = epoch
        # On the CPU whatever the device, see ``augment``.
        self.draws = make_generator(self.seed, _PASTES, epoch)
        self.optimizer.param_groups[0]["lr"] = cosine_rate(self.base_rate, epoch, self.period)

    def _memory(self, images: Tensor) -> Tensor:
        """uint8 [1 + k, B, C, S, S], the same in every step: new memory costs more than pasting."""
        shape = (1 + len(self.method.variants), *images.shape)
        if self._batch is None or self._batch.shape != shape:
            self._batch = images.new_empty(shape)
        return self._batch

    def _embed(self, x: Tensor) -> Tensor:
        if self.epoch >= self.options.freeze_epochs:
            return self.network(x)
        # In every step, because a predict between epochs turns the whole network back to training.
        self.network.trunk.eval()
        with torch.no_grad():
            embedding = self.network(x)
        self.network.trunk.train()
        return embedding

    @contextmanager
    def _global_draws(self) -> Iterator[None]:
        """For networks with dropout: torch's global generators seeded for a while."""
        if not self.is_random:
            yield
            return
        with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
            torch.manual_seed(int(torch.randint(2**62, (), generator=self.draws)))
            yield


def paste_copies(
    method: Method,
    images: Tensor,
    draws: torch.Generator,
    pasting: Any,
    fields: LungFields | None,
    *,
    out: Tensor,
) -> None:
    """Write into out [k, B, ...] a pasted copy of the images [B, ...] for each of k variants."""
    count = len(images)
    for variant, copy in zip(method.variants, out, strict=True):
        copy.copy_(images)
        uniforms = torch.rand(count, variant.draws, generator=draws, dtype=torch.float64)
        canvas = Canvas(out=copy, sources=images, fields=fields)
        variant.paste(canvas, torch.arange(count), uniforms, pasting)


def cosine_rate(base: float, epoch: int, period: int) -> float:
    """The learning rate of an epoch counted from 0: a cosine to 0, from the start every period.

    Paper: https://arxiv.org/abs/1608.03983
    """
    return base * (1 + math.cos(math.pi * (epoch % period) / period)) / 2
