"""Detector of any method of adapted features: fits, embeds, scores, saves and loads."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch

from mia_ssl._engine.backbones import Backbone
from mia_ssl._engine.detector import TrainedDetector
from mia_ssl._engine.inference import CPU_PIXELS, evaluating, in_order
from mia_ssl._engine.options import parse_options
from mia_ssl._engine.records import Prediction
from mia_ssl._engine.saved_model import check_network
from mia_ssl._engine.settings import Settings
from mia_ssl.adapted.methods import RECORDS
from mia_ssl.adapted.network import AdaptedNetwork
from mia_ssl.adapted.scores import AdaptedScores
from mia_ssl.adapted.scoring import embed, make_density, scores_of_normals
from mia_ssl.adapted.task import AdaptedTask
from mia_ssl.checks import check_image_side

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from lightning_fabric import Fabric
    from typing_extensions import Self

    from mia_ssl._engine.images import ImageSource
    from mia_ssl._engine.records import Epoch
    from mia_ssl._engine.training import Schedule, Task
    from mia_ssl.adapted.method import AdaptedMethod
    from mia_ssl.adapted.options import AdaptedOptions
    from mia_ssl.densities import Density


class AdaptedDetector(TrainedDetector):
    """Detector that scores an image by how unlikely its features are among normal ones.

    Made by ``mia_ssl.build``. ``fit`` trains the network further and fits the density, which needs
    3 images or more for a Gaussian; it raises FileNotFoundError where the weights to start from
    cannot be had. ``predict`` raises sklearn's NotFittedError before. A saved model holds the
    trained weights and needs no other file.

    Attributes:
        density: Density of the normal images' features; None before ``fit``.
    """

    cpu_score_pixels = CPU_PIXELS

    def __init__(
        self,
        method: AdaptedMethod,
        *,
        in_channels: int,
        image_size: int,
        settings: Settings,
        options: AdaptedOptions,
    ) -> None:
        super().__init__(
            method.info, in_channels=in_channels, image_size=image_size, settings=settings
        )
        check_image_side(image_size)
        self.options = options
        self.network = _make_network(method, options)
        self.density: Density | None = None
        self._method = method
        self._normals: ImageSource | None = None  # during a training

    @classmethod
    def from_saved(cls, state: Mapping[str, Any], meta: Mapping[str, Any]) -> Self:
        """Make the detector of a saved state, which holds all weights and needs no file."""
        method = RECORDS[meta["method"]]
        options = parse_options(method.options, meta["options"], owner=method.info.name)
        check_network(state["network"], lambda: _make_network(method, options))
        settings = {key: value for key, value in meta["settings"].items() if key != "compile"}
        return cls(
            method,
            in_channels=meta["in_channels"],
            image_size=meta["image_size"],
            settings=Settings.resolve(method.info, **settings),
            options=options,
        ).restore(state, meta)

    @classmethod
    def _methods(cls) -> Iterable[str]:
        return RECORDS

    def embed(
        self, images: Any, *, batch_size: int | None = None, device: str = "auto"
    ) -> np.ndarray:
        """Return the features of images, float32 (N, D); for arguments and errors see ``predict``.

        Raises:
            NotFittedError: Before ``fit``.
        """
        self._check_fitted()
        source, batch_size = self._ready(images, batch_size, device)
        return embed(self.network, source, batch_size)

    def restore(self, state: Mapping[str, Any], meta: Mapping[str, Any]) -> Self:
        """Take back what ``save`` wrote, the density included."""
        if "density" in state:
            density = make_density(self.options).restore(state["density"])
            density.score(np.zeros((1, self.network.width)))  # one of another width is refused now
            self.density = density
        return super().restore(state, meta)

    def _open_normals(self, images: Any) -> ImageSource:
        source = super()._open_normals(images)
        least = make_density(self.options).min_embeddings
        if len(source) < least:  # before a training, not after it
            scoring = self.options.scoring
            msg = f"expected at least {least} images for scoring={scoring!r}, got {len(source)}"
            raise ValueError(msg)
        return source

    def _draw(self, seed: int) -> None:
        """Read the weights that the training starts from; nothing is drawn."""
        self.density = None
        self.network.start()

    def _train(
        self,
        source: ImageSource,
        schedule: Schedule,
        fabric: Fabric,
        on_epoch: Callable[[Epoch], Any] | None,
    ) -> None:
        def after_epoch(epoch: Epoch) -> Any:
            self.density = None  # it was of the network before
            return on_epoch(epoch) if on_epoch else None

        self._normals = source
        try:
            super()._train(source, schedule, fabric, after_epoch)
        finally:
            self.density = None
            self._normals = None

    def _task(self, source: ImageSource, schedule: Schedule, fabric: Fabric) -> Task:
        center = torch.from_numpy(embed(self.network, source, self._batch_on(source.device))).mean(
            0
        )
        make_penalty = self._method.make_penalty
        return AdaptedTask(
            self._method,
            self.network,
            center=center.to(fabric.device),
            penalty=make_penalty(self.network, self.options) if make_penalty else None,
            options=self.options,
            settings=self.settings,
            fabric=fabric,
        )

    def _predict(self, source: ImageSource, batch_size: int, *, with_map: bool) -> Prediction:
        self._check_fitted()
        if self.density is None:  # between two epochs
            normals = cast("ImageSource", self._normals)
            trained_on = normals.device  # maybe another than this one
            try:
                self._score_normals(normals.to(source.device))
            finally:
                normals.to(trained_on)
        module = self._scoring()
        with evaluating(self.network), torch.inference_mode():
            scores = [module(batch)[0] for batch in in_order(source, batch_size)]
        return Prediction(torch.cat(scores).numpy(), None)

    def _scoring(self) -> AdaptedScores:
        self._check_fitted()
        return AdaptedScores(self.network, cast("Density", self.density))

    def _score_normals(self, source: ImageSource) -> Any:
        """Fit the density to the images, and return their scores."""
        features = embed(self.network, source, self._batch_on(source.device))
        self.density = make_density(self.options).fit(features)
        return scores_of_normals(self.density, features)

    def _check_fitted(self) -> None:
        if self.density is None and self._normals is None:
            msg = f"this {self.info.name} is not fitted: call fit first"
            from sklearn.exceptions import NotFittedError  # a second to import

            raise NotFittedError(msg)

    def _state(self) -> dict[str, Any]:
        if self.density is None:
            return super()._state()
        arrays = self.density.state()
        return {**super()._state(), "density": {k: torch.from_numpy(v) for k, v in arrays.items()}}

    def _described_options(self) -> dict[str, Any]:
        return asdict(self.options)


def _make_network(method: AdaptedMethod, options: AdaptedOptions) -> AdaptedNetwork:
    """Make the network of a method, without weights of use."""
    return AdaptedNetwork(
        Backbone(options.backbone, options.weights),
        trained_stages=options.trained_stages,
        crop=method.crop,
        unit_length=method.unit_length,
    )
