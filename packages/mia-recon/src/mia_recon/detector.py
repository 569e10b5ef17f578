"""The detector that fits, scores, saves and loads any reconstruction method."""

from __future__ import annotations

from dataclasses import replace
from itertools import repeat
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from mia_recon._engine.detector import TrainedDetector
from mia_recon._engine.inference import evaluating, in_order
from mia_recon._engine.options import parse_options
from mia_recon._engine.records import Prediction
from mia_recon._engine.saved_model import check_network
from mia_recon._engine.seeding import generator, initialize
from mia_recon._engine.settings import SETTINGS, Settings
from mia_recon.method import normalize
from mia_recon.networks.fast import frozen
from mia_recon.registry import RECORDS
from mia_recon.scoring import ReconstructionScores, scoring_mode

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from lightning_fabric import Fabric
    from torch import Tensor
    from typing_extensions import Self

    from mia_recon._engine.images import ImageSource
    from mia_recon._engine.training import Schedule, Task
    from mia_recon.method import Method

# Training batches that scoring takes at a time, since each call has its cost. Scoring needs less
# memory than training, unless the map is a gradient.
SCORE_BATCHES, SCORE_BATCHES_WITH_GRADIENT = 4, 2


class ReconstructionDetector(TrainedDetector):
    """Detector that learns to reconstruct normal images and scores an image by what it misses.

    Use ``mia_recon.build`` to make one.

    Attributes:
        calls_per_image: Calls of the network to score an image.
    """

    def __init__(
        self,
        method: Method,
        *,
        in_channels: int,
        image_size: int,
        settings: Settings,
        options: Mapping[str, Any],
    ) -> None:
        super().__init__(
            method.info, in_channels=in_channels, image_size=image_size, settings=settings
        )
        batches = SCORE_BATCHES_WITH_GRADIENT if method.needs_gradient else SCORE_BATCHES
        self.score_batch = batches * self.info.batch_size
        name = method.info.name
        self.options = parse_options(method.options, options, owner=name, also=SETTINGS)
        self.calls_per_image = method.calls(self.options) if method.calls else 1
        self.steps_per_epoch = getattr(self.options, "steps_per_epoch", None)
        self._method = method
        self._rate_follows_epochs = method.follows_epochs
        with torch.random.fork_rng(devices=[]):  # layers draw from the global generator when made
            self.network = method.network(self.in_channels, self.image_size, self.options)
        _check_batch_size(settings.batch_size, self.network)
        # The layout that convolutions are fastest in, on CPUs and GPUs.
        self.network.to(memory_format=torch.channels_last)
        self._draw(0)

    @classmethod
    def from_saved(cls, state: Mapping[str, Any], meta: Mapping[str, Any]) -> Self:
        """Make the detector of a saved state, once its weights are those of such a network."""
        method, channels, size = RECORDS[meta["method"]], meta["in_channels"], meta["image_size"]
        options = parse_options(method.options, meta["options"], owner=method.info.name)
        check_network(state["network"], lambda: method.network(channels, size, options))
        return cls(
            method,
            in_channels=channels,
            image_size=size,
            settings=Settings(**meta["settings"]),
            options=meta["options"],
        ).restore(state, meta)

    @classmethod
    def _methods(cls) -> Iterable[str]:
        return RECORDS

    @property
    def reconstructs(self) -> bool:
        """True if the method reconstructs images; else ``reconstruct`` refuses."""
        return self._method.reconstruct is not None

    def reconstruct(
        self, images: Any, *, batch_size: int | None = None, device: str = "auto"
    ) -> np.ndarray:
        """Reconstruct images.

        Args:
            images: uint8 (N, C, S, S), see ``fit``.
            batch_size: See ``predict``.
            device: See ``predict``.

        Returns:
            float32 (N, C, S, S), on the scale of images from 0 to 1.

        Raises:
            ValueError: The method reconstructs something other than images.
        """
        reconstruct = self._method.reconstruct
        if reconstruct is None:
            msg = f"{self.info.name} reconstructs features, not images"
            raise ValueError(msg)
        source, batch_size = self._ready(images, batch_size, device)
        with evaluating(self.network), frozen(self.network), torch.inference_mode():
            parts = [
                reconstruct(self.network, normalize(batch)).add(1).div(2).cpu()
                for batch in in_order(source, batch_size)
            ]
        return torch.cat(parts).numpy()

    def _draw(self, seed: int) -> None:
        draw = self._method.draw or initialize
        draw(self.network, generator(seed, 0))

    def _task(self, source: ImageSource, schedule: Schedule, fabric: Fabric) -> Task:
        if self._method.prepare:
            with torch.no_grad():
                batches = in_order(source, self.score_batch)
                self._method.prepare(self.network, map(normalize, batches))
        settings = replace(self.settings, epochs=schedule.epochs)
        return self._method.make_task(self.network, self.options, settings, fabric)

    def _predict(self, source: ImageSource, batch_size: int, *, with_map: bool) -> Prediction:
        shape = (len(source), self.image_size, self.image_size)
        maps = np.empty(shape, dtype=np.float32) if with_map else None
        places = repeat(None) if maps is None else torch.from_numpy(maps).split(batch_size)
        module = ReconstructionScores(self._method, self.network, self.options)
        with evaluating(self.network), frozen(self.network), scoring_mode(self._method):
            batches = in_order(source, batch_size)
            scores = [_score_batch(module, *pair) for pair in zip(batches, places, strict=False)]
        return Prediction(torch.cat(scores).numpy(), maps)

    def _scoring(self) -> ReconstructionScores:
        name = self.info.name
        if self._method.needs_gradient:
            msg = f"the map of {name} is a gradient, which takes a pass back through the network"
            raise ValueError(msg)
        if self._method.calls:
            calls = self.calls_per_image
            msg = f"{name} calls its network {calls} times for an image, with noise between"
            raise ValueError(msg)
        if getattr(self.options, "sample_at_test", False):
            msg = f"{name} with sample_at_test=True draws noise from a generator for each image"
            raise ValueError(msg)
        return ReconstructionScores(self._method, self.network, self.options)


def _score_batch(module: ReconstructionScores, batch: Tensor, place: Tensor | None) -> Tensor:
    """Return a batch's scores and write its maps into their place.

    All other memory is free when it returns: the next batch takes the same, still in the cache.
    """
    score, pixels = module(batch)
    if place is not None and pixels is not None:
        place.copy_(pixels)
    return score.cpu()


def _check_batch_size(batch_size: int, network: torch.nn.Module) -> None:
    has_batch_norm = any(
        isinstance(m, torch.nn.modules.batchnorm._BatchNorm) for m in network.modules()
    )
    if has_batch_norm and batch_size < 2:
        msg = f"expected batch_size to be at least 2, which BatchNorm needs, got {batch_size}"
        raise ValueError(msg)
