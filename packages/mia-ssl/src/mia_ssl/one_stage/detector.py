"""The detector that fits, scores, saves and loads any one-stage method."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import torch
from torch.nn import functional as F

from mia_ssl._engine.detector import TrainedDetector
from mia_ssl._engine.inference import evaluating, in_order
from mia_ssl._engine.records import Prediction
from mia_ssl._engine.seeding import generator
from mia_ssl.one_stage.network import EncoderDecoder, draw_weights
from mia_ssl.one_stage.settings import Sides
from mia_ssl.one_stage.task import OneStageTask, scaled

if TYPE_CHECKING:
    import os

    from lightning_fabric import Fabric
    from torch import Tensor

    from mia_ssl._engine.images import ImageSource
    from mia_ssl._engine.settings import Settings
    from mia_ssl._engine.training import Schedule, Task
    from mia_ssl.one_stage.methods import Method
    from mia_ssl.one_stage.settings import Options

SMALLEST_CROP = 32  # the network shrinks it to a single pixel


class OneStageDetector(TrainedDetector):
    """Learns to find pasted anomalies; where it sees one in a new image, that is abnormal.

    Made by ``mia_ssl.build``. Patches are cut from another image of the same batch, or from the
    same image (cutpaste). The map is that of the image's middle (224 of 256 pixels), with zeros
    around it; the score is the mean of all of it.
    """

    _rate_follows_epochs = True

    def __init__(
        self,
        method: Method,
        *,
        in_channels: int,
        image_size: int,
        settings: Settings,
        options: Options,
    ) -> None:
        super().__init__(
            method.info, in_channels=in_channels, image_size=image_size, settings=settings
        )
        self._sides = Sides.of(image_size, options)
        if self._sides.crop < SMALLEST_CROP:
            msg = f"expected image_size to leave crops of {SMALLEST_CROP} or above, "
            msg += f"got {image_size}, cropped to {self._sides.crop}"
            raise ValueError(msg)
        if method.other and settings.batch_size < 2:
            msg = f"expected batch_size to be at least 2, got {settings.batch_size}: "
            msg += "patches are cut from another image of the batch"
            raise ValueError(msg)
        self.options = options
        self._method = method
        with torch.random.fork_rng(devices=[]):  # layers draw from the global generator when made
            network = EncoderDecoder(in_channels)
        # Convolutions are faster in this layout, most of all in bf16.
        self.network = network.to(memory_format=torch.channels_last)
        self._draw(0)
        self.network.eval()

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> OneStageDetector:
        """Load the detector that ``save`` wrote.

        Raises:
            ModelFileError: Nothing there, damaged files, or a model of another package or format.
        """
        from mia_ssl.registry import load

        return cast("OneStageDetector", load(path))

    def _draw(self, seed: int) -> None:
        draw_weights(self.network, generator(seed, 0))

    def _task(self, source: ImageSource, schedule: Schedule, fabric: Fabric) -> Task:
        return OneStageTask(
            self._method,
            self.network,
            self.options,
            self._sides,
            self.settings,
            schedule.epochs,
            fabric,
        )

    def _predict(self, source: ImageSource, batch_size: int, *, with_map: bool) -> Prediction:
        scores, maps = [], []
        with evaluating(self.network), torch.inference_mode():
            for batch in in_order(source, batch_size):
                pixels = self._map(batch)
                scores.append(pixels.mean((1, 2)).cpu())
                if with_map:
                    maps.append(pixels.cpu())
        return Prediction(torch.cat(scores).numpy(), torch.cat(maps).numpy() if with_map else None)

    def _map(self, images: Tensor) -> Tensor:
        """uint8 [B, C, S, S] -> score of each pixel, [B, S, S]."""
        before, crop = self._sides.border, self._sides.crop
        after = self.image_size - crop - before
        inside = slice(before, before + crop)
        logits = self.network(scaled(images[..., inside, inside]))[:, 0]
        # Raw labels are gray levels; the others are probabilities.
        pixels = logits.relu() if self._method.label == "intensity" else logits.sigmoid()
        return F.pad(pixels, (before, after, before, after))
