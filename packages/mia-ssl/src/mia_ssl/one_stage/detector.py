"""The detector that fits, scores, saves and loads any one-stage method."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from mia_ssl._engine.detector import TrainedDetector
from mia_ssl._engine.inference import CPU_PIXELS, evaluating, in_order
from mia_ssl._engine.records import Prediction
from mia_ssl._engine.seeding import generator
from mia_ssl._engine.settings import Settings
from mia_ssl.one_stage.methods import RECORDS
from mia_ssl.one_stage.network import EncoderDecoder, draw_weights
from mia_ssl.one_stage.options import Options, Sides
from mia_ssl.one_stage.scores import OneStageScores
from mia_ssl.one_stage.task import OneStageTask

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from lightning_fabric import Fabric
    from typing_extensions import Self

    from mia_ssl._engine.images import ImageSource
    from mia_ssl._engine.training import Schedule, Task
    from mia_ssl.one_stage.method import OneStageMethod

SMALLEST_CROP = 32  # the network shrinks it to a single pixel


class OneStageDetector(TrainedDetector):
    """A detector that learns to find pasted anomalies, and scores pixels by how much they look so.

    Made by ``mia_ssl.build``. Patches are cut from another image of the same batch, or from the
    same image (cutpaste). The map covers the image's middle (224 of 256 pixels), with zeros
    around it; the score is the mean of the whole map.
    """

    cpu_score_pixels = CPU_PIXELS
    _rate_follows_epochs = True

    def __init__(
        self,
        method: OneStageMethod,
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
        if method.recipe.from_other_image and settings.batch_size < 2:
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
    def from_saved(cls, state: Mapping[str, Any], meta: Mapping[str, Any]) -> Self:
        """Make the detector of a saved state."""
        method = RECORDS[meta["method"]]
        unused = method.recipe.unused_options  # saved all the same
        options = {key: value for key, value in dict(meta["options"]).items() if key not in unused}
        return cls(
            method,
            in_channels=meta["in_channels"],
            image_size=meta["image_size"],
            settings=Settings(**meta["settings"]),
            options=method.parse(Options, options),
        ).restore(state, meta)

    @classmethod
    def _methods(cls) -> Iterable[str]:
        return RECORDS

    def _draw(self, seed: int) -> None:
        draw_weights(self.network, generator(seed, 0))

    def _task(self, source: ImageSource, schedule: Schedule, fabric: Fabric) -> Task:
        return OneStageTask(
            self._method.recipe,
            self.network,
            self.options,
            self._sides,
            self.settings,
            schedule.epochs,
            fabric,
        )

    def _predict(self, source: ImageSource, batch_size: int, *, with_map: bool) -> Prediction:
        module = self._scoring()
        scores, maps = [], []
        with evaluating(self.network), torch.inference_mode():
            for batch in in_order(source, batch_size):
                score, pixels = module(batch)
                scores.append(score.cpu())
                if with_map:
                    maps.append(pixels.cpu())
        return Prediction(torch.cat(scores).numpy(), torch.cat(maps).numpy() if with_map else None)

    def _scoring(self) -> OneStageScores:
        return OneStageScores(self.network, self._method.recipe.label, self._sides)
