"""The detector that fits, scores, saves and loads any reconstruction method."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import torch

from mia_recon._engine.device import make_fabric
from mia_recon._engine.images import ImageSource
from mia_recon._engine.inference import evaluating, in_order, score_quantiles
from mia_recon._engine.options import check_counts, parse_options
from mia_recon._engine.records import Epoch, Prediction
from mia_recon._engine.seeding import generator, initialise
from mia_recon._engine.storage import save_folder, versions
from mia_recon._engine.training import Schedule, train
from mia_recon.scoring import info_of, score_batch, scoring_mode
from mia_recon.task import normalise

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping

    import numpy as np
    from lightning_fabric import Fabric

    from mia_recon._engine.settings import Settings
    from mia_recon.method import Method

# Scoring keeps no gradients, so that more images fit than in a training step.
SCORE_BATCHES = 2


class ReconstructionDetector:
    """Learns to reconstruct normal images; what it reconstructs badly is abnormal.

    Made by ``mia_recon.build``. Before ``fit``, its weights are those of seed 0.

    Attributes:
        info: The method's ``MethodInfo``.
        network: The torch module.
        options: The method's options.
        settings: The training settings.
        history: Each epoch's mean losses, of the last ``fit``.
        score_quantiles: Quantile -> score of the training images, of the last ``fit``.
        seed: Seed of the last ``fit``, None before it.
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
        if in_channels not in (1, 3):
            msg = f"expected in_channels to be 1 (gray) or 3 (RGB), got {in_channels}"
            raise ValueError(msg)
        self.info = info_of(method)
        self.in_channels = in_channels
        self.image_size = image_size
        self.settings = settings
        self.options = parse_options(method.options, options, owner=method.info.name)
        self.history: list[dict[str, float]] = []
        self.score_quantiles: dict[float, float] = {}
        self.seed: int | None = None
        self._method = method
        with torch.random.fork_rng(devices=[]):  # layers draw from the global generator when made
            self.network = method.network(in_channels, image_size, self.options)
        _check_batch_size(settings.batch_size, self.network)
        # The layout that convolutions are fastest in, on CPUs and GPUs.
        self.network.to(memory_format=torch.channels_last)
        initialise(self.network, generator(0, 0))

    def __repr__(self) -> str:
        return f"<{self.info.name}: {self.in_channels} x {self.image_size} x {self.image_size}>"

    def fit(
        self,
        images: Any,
        *,
        epochs: int | None = None,
        seed: int = 0,
        device: str = "auto",
        on_epoch: Callable[[Epoch], Any] | None = None,
        checkpoint: str | os.PathLike[str] | None = None,
        checkpoint_every: int = 10,
    ) -> ReconstructionDetector:
        """Train on normal images from newly drawn weights.

        Args:
            images: uint8 (N, C, S, S), at least 2: array, memory map, tensor or map-style dataset.
            epochs: None for those the detector was built with; 0 only draws the weights.
            seed: Of the weights, the order and all that training draws.
            device: See ``predict``.
            on_epoch: Called after each epoch; training ends early where it returns True.
            checkpoint: Folder that keeps the training's state; an interrupted ``fit`` with the same
                arguments goes on from it, to the same weights. It is the caller's to remove.
            checkpoint_every: Epochs between two checkpoints.

        Raises:
            TypeError: Images that are not uint8.
            ValueError: Images of another shape than the detector was built for, or fewer than 2.
            FloatingPointError: The loss is no longer finite.
        """
        check_counts(checkpoint_every=checkpoint_every)
        source = self._open(images)
        if len(source) < 2:
            msg = f"expected at least 2 images to train on, got {len(source)}"
            raise ValueError(msg)
        schedule = Schedule(
            epochs=self.settings.epochs if epochs is None else epochs,
            batch_size=self.settings.batch_size,
            seed=seed,
            checkpoint=checkpoint,
            checkpoint_every=checkpoint_every,
            identity={**self._described(), "images": list(source.shape)},
        )
        fabric = make_fabric(device, self.settings.precision)
        self._start(source, seed, fabric)
        task = self._method.task(self._method, self.network, self.options, self.settings, fabric)
        self.network.train()
        self.history = train(task, source, schedule, on_epoch)
        self.network.eval()
        scores = self._predict(source, self._score_batch, with_map=False).score
        self.score_quantiles = score_quantiles(scores)
        return self

    def predict(
        self, images: Any, *, batch_size: int | None = None, device: str = "auto"
    ) -> Prediction:
        """Score images; neither their order nor the batch size changes a score.

        Args:
            images: uint8 (N, C, S, S), see ``fit``.
            batch_size: Images at a time; None: twice those of a training step.
            device: ``"auto"``, ``"cpu"``, ``"cuda"``, ``"cuda:1"`` or ``"mps"``.

        Raises:
            TypeError: Images that are not uint8.
            ValueError: Images of another shape than the detector was built for.
        """
        source, batch_size = self._ready(images, batch_size, device)
        return self._predict(source, batch_size, with_map=self.info.has_map)

    def reconstruct(
        self, images: Any, *, batch_size: int | None = None, device: str = "auto"
    ) -> np.ndarray:
        """The network's reconstructions of images, see ``predict``.

        Returns:
            float32 (N, C, S, S), on the scale where an image is in [0, 1].
        """
        source, batch_size = self._ready(images, batch_size, device)
        with evaluating(self.network), torch.inference_mode():
            parts = [
                self._method.reconstruct(self.network, normalise(batch)).add(1).div(2).cpu()
                for batch in in_order(source, batch_size)
            ]
        return torch.cat(parts).numpy()

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write weights (safetensors) and settings (JSON) into a folder, whole or not at all.

        Raises:
            ModelFileError: The path holds something that is not a saved model.
        """
        meta = {
            "format": 1,
            "package": "mia_recon",
            **self._described(),
            "seed": self.seed,
            "losses": self.history[-1] if self.history else {},
            "history": self.history,
            "score_quantiles": [[q, score] for q, score in self.score_quantiles.items()],
            "versions": versions("mia-recon", "torch", "numpy"),
        }
        save_folder(path, {"network": self.network.state_dict()}, meta)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> ReconstructionDetector:
        """The detector that ``save`` wrote.

        Raises:
            ModelFileError: Nothing there, damaged files, or a model of another package.
        """
        from mia_recon.registry import load

        return load(path)

    @property
    def _score_batch(self) -> int:
        return SCORE_BATCHES * self.info.batch_size

    def _described(self) -> dict[str, Any]:
        return {
            "method": self.info.name,
            "in_channels": self.in_channels,
            "image_size": self.image_size,
            "settings": asdict(self.settings),
            "options": asdict(self.options),
        }

    def _open(self, images: Any) -> ImageSource:
        source = ImageSource(images)
        size = self.image_size
        source.check_shape(channels=self.in_channels, height=size, width=size)
        return source

    def _ready(self, images: Any, batch_size: int | None, device: str) -> tuple[ImageSource, int]:
        batch_size = self._score_batch if batch_size is None else batch_size
        check_counts(batch_size=batch_size)
        source = self._open(images)
        fabric = make_fabric(device)
        fabric.to_device(self.network)
        return source.to(fabric.device), batch_size

    def _start(self, source: ImageSource, seed: int, fabric: Fabric) -> None:
        """New weights on the device, and what the method has to know of the images."""
        initialise(self.network, generator(seed, 0))
        self.seed = seed
        fabric.to_device(self.network)
        source.to(fabric.device)
        if self._method.prepare:
            with torch.no_grad():
                batches = in_order(source, self._score_batch)
                self._method.prepare(self.network, map(normalise, batches))

    def _predict(self, source: ImageSource, batch_size: int, *, with_map: bool) -> Prediction:
        scores, maps = [], []
        with evaluating(self.network), scoring_mode(self._method):
            for batch in in_order(source, batch_size):
                x = normalise(batch)
                score, pixels = score_batch(self._method, self.network, x, self.options)
                scores.append(score.cpu())
                if with_map and pixels is not None:
                    maps.append(pixels.cpu())
        return Prediction(torch.cat(scores).numpy(), torch.cat(maps).numpy() if with_map else None)


def _check_batch_size(batch_size: int, network: torch.nn.Module) -> None:
    normalised = any(
        isinstance(m, torch.nn.modules.batchnorm._BatchNorm) for m in network.modules()
    )
    if normalised and batch_size < 2:
        msg = f"expected batch_size to be at least 2, which BatchNorm needs, got {batch_size}"
        raise ValueError(msg)
