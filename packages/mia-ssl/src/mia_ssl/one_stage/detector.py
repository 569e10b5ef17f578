"""The detector that fits, scores, saves and loads any one-stage method."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import torch
from torch.nn import functional as F

from mia_ssl._engine.device import make_fabric
from mia_ssl._engine.images import ImageSource
from mia_ssl._engine.inference import evaluating, in_order, score_quantiles
from mia_ssl._engine.options import check_positive
from mia_ssl._engine.records import Prediction
from mia_ssl._engine.seeding import generator
from mia_ssl._engine.storage import save_folder
from mia_ssl._engine.training import Schedule, train
from mia_ssl.one_stage.network import EncoderDecoder, draw_weights
from mia_ssl.one_stage.settings import Sides
from mia_ssl.one_stage.task import OneStageTask, scaled

if TYPE_CHECKING:
    import os
    from collections.abc import Callable

    from torch import Tensor

    from mia_ssl._engine.records import Epoch
    from mia_ssl._engine.settings import Settings
    from mia_ssl.one_stage.methods import Method
    from mia_ssl.one_stage.settings import Options

SCORE_BATCH = 64
SMALLEST_CROP = 32  # the network shrinks it to a single pixel


class OneStageDetector:
    """Learns to find pasted anomalies; where it sees one in a new image, that is abnormal.

    Made by ``mia_ssl.build``. Before ``fit``, its weights are those of seed 0.

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
        options: Options,
    ) -> None:
        if in_channels not in (1, 3):
            msg = f"expected in_channels to be 1 (gray) or 3 (RGB), got {in_channels}"
            raise ValueError(msg)
        self._sides = Sides.of(image_size, options)
        if self._sides.crop < SMALLEST_CROP:
            msg = f"expected image_size to leave crops of {SMALLEST_CROP} or above, "
            msg += f"got {image_size}, cropped to {self._sides.crop}"
            raise ValueError(msg)
        if method.other and settings.batch_size < 2:
            msg = f"expected batch_size to be at least 2, got {settings.batch_size}: "
            msg += "patches are cut from another image of the batch"
            raise ValueError(msg)
        self.info = method.info
        self.in_channels = in_channels
        self.image_size = image_size
        self.settings = settings
        self.options = options
        self.history: list[dict[str, float]] = []
        self.score_quantiles: dict[float, float] = {}
        self.seed: int | None = None
        self._method = method
        with torch.random.fork_rng(devices=[]):  # layers draw from the global generator when made
            network = EncoderDecoder(in_channels)
        # Convolutions are faster in this layout, most of all in bf16.
        self.network = network.to(memory_format=torch.channels_last)
        draw_weights(self.network, generator(0, 0))
        self.network.eval()

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
    ) -> OneStageDetector:
        """Train on normal images from newly drawn weights.

        Patches are cut from another image of the same batch, or from the same image (cutpaste).

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
        source = self._open(images)
        if len(source) < 2:
            msg = f"expected at least 2 images to train on, got {len(source)}"
            raise ValueError(msg)
        epochs = self.settings.epochs if epochs is None else epochs
        fabric = make_fabric(device, self.settings.precision)
        draw_weights(self.network, generator(seed, 0))
        fabric.to_device(self.network)
        source.to(fabric.device)
        task = OneStageTask(
            self._method,
            self.network,
            self.options,
            self._sides,
            self.settings,
            epochs,
            fabric,
        )
        schedule = Schedule(
            epochs=epochs,
            batch_size=self.settings.batch_size,
            seed=seed,
            checkpoint=checkpoint,
            checkpoint_every=checkpoint_every,
            # The cosine is as long as the training: with other epochs it would be another one.
            identity={**self._described(), "images": list(source.shape), "epochs": epochs},
        )
        self.seed = seed
        self.network.train()
        self.history = train(task, source, schedule, on_epoch)
        self.network.eval()
        self.score_quantiles = score_quantiles(self._predict(source, SCORE_BATCH).score)
        return self

    def predict(
        self, images: Any, *, batch_size: int = SCORE_BATCH, device: str = "auto"
    ) -> Prediction:
        """Score images; neither their order nor the batch size changes a score.

        The map is that of the image's middle (224 of 256 pixels), with zeros around it; the score
        is the mean of all of it.

        Args:
            images: uint8 (N, C, S, S), see ``fit``.
            batch_size: Images at a time.
            device: ``"auto"``, ``"cpu"``, ``"cuda"``, ``"cuda:1"`` or ``"mps"``.

        Raises:
            TypeError: Images that are not uint8.
            ValueError: Images of another shape than the detector was built for.
        """
        check_positive(batch_size=batch_size)
        source = self._open(images)
        fabric = make_fabric(device)
        fabric.to_device(self.network)
        source.to(fabric.device)
        return self._predict(source, batch_size)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write weights (safetensors) and settings (JSON) into a folder, whole or not at all.

        Raises:
            ModelFileError: The path holds something that is not a saved model.
        """
        meta = {
            "format": 1,
            "package": "mia_ssl",
            **self._described(),
            "seed": self.seed,
            "trained_epochs": len(self.history),
            "losses": self.history[-1] if self.history else {},
            "score_quantiles": [[q, score] for q, score in self.score_quantiles.items()],
            "torch": torch.__version__,
        }
        save_folder(path, {"network": self.network.state_dict()}, meta)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> OneStageDetector:
        """The detector that ``save`` wrote.

        Raises:
            ModelFileError: Nothing there, damaged files, or a model of another package.
        """
        from mia_ssl.registry import load

        return load(path)

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

    def _predict(self, source: ImageSource, batch_size: int) -> Prediction:
        scores, maps = [], []
        with evaluating(self.network), torch.inference_mode():
            for batch in in_order(source, batch_size):
                pixels = self._map(batch)
                scores.append(pixels.mean((1, 2)).cpu())
                maps.append(pixels.cpu())
        return Prediction(torch.cat(scores).numpy(), torch.cat(maps).numpy())

    def _map(self, images: Tensor) -> Tensor:
        """uint8 [B, C, S, S] -> score of each pixel, [B, S, S]."""
        before, crop = self._sides.border, self._sides.crop
        after = self.image_size - crop - before
        inside = slice(before, before + crop)
        logits = self.network(scaled(images[..., inside, inside]))[:, 0]
        # Raw labels are gray levels; the others are probabilities.
        pixels = logits.relu() if self._method.label == "intensity" else logits.sigmoid()
        return F.pad(pixels, (before, after, before, after))
