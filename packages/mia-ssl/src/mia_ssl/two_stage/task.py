"""One training step of a two-stage method: paste, classify, SGD."""

from __future__ import annotations

import math
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
import torchvision
from torch import nn

from mia_ssl._engine.seeding import generator as make_generator
from mia_ssl.two_stage.color_jitter import JitterFactors, jitter_images
from mia_ssl.two_stage.method import PasteBatch
from mia_ssl.two_stage.network import normalize

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from lightning_fabric import Fabric
    from torch import Tensor

    from mia_ssl._engine.settings import Settings
    from mia_ssl.two_stage.method import TwoStageMethod
    from mia_ssl.two_stage.network import TwoStageNetwork
    from mia_ssl.two_stage.options import TwoStageOptions
    from mia_ssl.two_stage.paste_region import PasteRegion

_PASTES = 3  # stream of the seed; the engine has 0 to 2
# Layers that draw from torch's global generator.
_RANDOM = (nn.modules.dropout._DropoutNd, torchvision.ops.StochasticDepth)


class TwoStageTask:
    """Training of a network to classify originals and pastes; a ``Task`` of the engine.

    Args:
        method: Method whose pastes are made.
        network: Network that learns.
        options: Options that all two-stage methods share.
        paste_options: Options of the pastes.
        settings: Settings of the training.
        fabric: Device and precision.
        seed: Seed of the pastes.
        epochs: Epochs of the whole training.
        find_region: Returns where the images at hand may be pasted into; None for anywhere.
    """

    def __init__(
        self,
        method: TwoStageMethod,
        network: TwoStageNetwork,
        *,
        options: TwoStageOptions,
        paste_options: Any,
        settings: Settings,
        fabric: Fabric,
        seed: int,
        epochs: int,
        find_region: Callable[[Tensor], PasteRegion | None] = lambda images: None,
    ) -> None:
        self.method = method
        self.network = network
        self.options = options
        self.paste_options = paste_options
        self.fabric = fabric
        self.seed = seed
        self.find_region = find_region
        self.first_rate = settings.learning_rate
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
        """Learn from the originals and one copy of them with each kind of paste.

        The colors of the whole images are jittered first; the copies are made from what that gives.
        """
        batch = self._memory(images)
        originals = batch[0]
        self._jitter(images, out=originals)
        paste_copies(
            self.method,
            originals,
            self.random_numbers,
            self.paste_options,
            self.find_region(originals),
            out=batch[1:],
        )
        classes = torch.arange(len(batch), device=images.device).repeat_interleave(len(images))
        with self.fabric.autocast(), self._seeded_global_generator():
            x = normalize(batch.flatten(0, 1), self.options.normalization)
            logits = self.network.classify(self._embed(x))
            loss = F.cross_entropy(logits, classes)
        self.optimizer.zero_grad(set_to_none=True)
        self.fabric.backward(loss)
        self.optimizer.step()
        return {"loss": loss, "error": (logits.argmax(1) != classes).float().mean()}

    def end_epoch(self, losses: Mapping[str, float]) -> float:
        """Go on to the next epoch; return the learning rate of the one that has ended."""
        rate = self.optimizer.param_groups[0]["lr"]
        self._start_epoch(self.epoch + 1)
        return rate

    def state_dict(self) -> dict[str, Any]:
        """Return weights, momentum and the number of epochs done."""
        return {
            "network": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "epoch": self.epoch,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take back what ``state_dict`` returned."""
        self.network.load_state_dict(state["network"])
        self.optimizer.load_state_dict(state["optimizer"])
        self._start_epoch(state["epoch"])

    def _start_epoch(self, epoch: int) -> None:
        self.epoch = epoch
        # On the CPU whatever the device, see ``PasteFunction``.
        self.random_numbers = make_generator(self.seed, _PASTES, epoch)
        rate = learning_rate(self.first_rate, epoch, self.period)
        self.optimizer.param_groups[0]["lr"] = rate

    def _jitter(self, images: Tensor, *, out: Tensor) -> None:
        strength = self.options.image_jitter
        if not strength:
            out.copy_(images)
            return
        uniforms = torch.rand(len(images), 4, generator=self.random_numbers, dtype=torch.float64)
        jitter_images(images, JitterFactors.draw(uniforms, strength), out=out)

    def _memory(self, images: Tensor) -> Tensor:
        """Return uint8 [1 + k, B, C, S, S], the same memory in every step.

        Allocating it anew would cost more than pasting.
        """
        shape = (1 + len(self.method.pastes), *images.shape)
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
    def _seeded_global_generator(self) -> Iterator[None]:
        """Seed torch's global generators for a while, for networks with dropout."""
        if not self.is_random:
            yield
            return
        with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
            torch.manual_seed(int(torch.randint(2**62, (), generator=self.random_numbers)))
            yield


def paste_copies(
    method: TwoStageMethod,
    images: Tensor,
    generator: torch.Generator,
    options: Any,
    region: PasteRegion | None,
    *,
    out: Tensor,
) -> None:
    """Write a pasted copy of all images for each kind of paste that a method has.

    Args:
        method: Method with k pastes.
        images: uint8 [B, C, H, W].
        generator: Source of the random numbers, on the CPU.
        options: Options of the pastes.
        region: Where each image may be pasted into; None for pastes that may go anywhere.
        out: uint8 [k, B, C, H, W], memory for the copies.
    """
    count = len(images)
    for kind, copy in zip(method.pastes, out, strict=True):
        copy.copy_(images)
        uniforms = torch.rand(count, kind.random_numbers, generator=generator, dtype=torch.float64)
        batch = PasteBatch(pasted=copy, sources=images, region=region)
        kind.apply(batch, torch.arange(count), uniforms, options)


def learning_rate(first: float, epoch: int, period: int) -> float:
    """Return the learning rate of an epoch: a cosine to 0 that starts again every period.

    As in the original the cosine is an epoch late: its scheduler is told an epoch's number after
    that epoch, so that epochs 0 and 1 both have the full rate.

    Args:
        first: Rate at the start of a period.
        epoch: Number of the epoch, from 0.
        period: Epochs from one start to the next.

    Paper: https://arxiv.org/abs/1608.03983
    """
    done = max(epoch - 1, 0) % period
    return first * (1 + math.cos(math.pi * done / period)) / 2
