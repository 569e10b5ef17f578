"""Detector of any two-stage method: fits, embeds, scores, saves and loads."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any, cast

from mia_ssl._engine.detector import TrainedDetector
from mia_ssl._engine.inference import CPU_PIXELS, score_quantiles
from mia_ssl._engine.saved_model import check_network
from mia_ssl._engine.seeding import generator
from mia_ssl._engine.settings import Settings
from mia_ssl.two_stage.maps import patch_width
from mia_ssl.two_stage.methods import RECORDS
from mia_ssl.two_stage.network import TwoStageNetwork, draw_network
from mia_ssl.two_stage.options import split_options
from mia_ssl.two_stage.scoring import Scorer, embed
from mia_ssl.two_stage.task import TwoStageTask
from mia_ssl.two_stage.training_images import FirstImages, ImagesWithRegions
from mia_ssl.two_stage.weights import load_weights, weights_are_here

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    import numpy as np
    from lightning_fabric import Fabric
    from torch import Tensor
    from typing_extensions import Self

    from mia_ssl._engine.images import ImageSource
    from mia_ssl._engine.records import Epoch, Prediction
    from mia_ssl._engine.training import Schedule, Task
    from mia_ssl.two_stage.method import TwoStageMethod
    from mia_ssl.two_stage.options import TwoStageOptions
    from mia_ssl.two_stage.paste_region import PasteRegion
    from mia_ssl.two_stage.scores import TwoStageScores

SMALLEST_IMAGE = 64
_MAP_PATCHES = 4  # stream of the seed


class TwoStageDetector(TrainedDetector):
    """Detector that scores an image by how unlikely its embedding is among normal ones.

    Made by ``mia_ssl.build``. ``fit`` trains the network, unless the method trains none, and fits
    the density, which needs 3 images or more for a Gaussian and ``k`` for neighbors; ``predict``
    raises sklearn's NotFittedError before. Pretrained weights are read when the detector is made if
    they are on this machine; else ``fit``, ``fit_density`` and ``embed`` download them, or raise
    FileNotFoundError.

    Attributes:
        paste_options: Options of the method's pastes; ``options`` has what all methods share.
        scorer: The fitted densities.
    """

    cpu_score_pixels = CPU_PIXELS

    def __init__(
        self,
        method: TwoStageMethod,
        *,
        in_channels: int,
        image_size: int,
        settings: Settings,
        options: TwoStageOptions,
        paste_options: Any,
        pretrained: bool = True,
    ) -> None:
        super().__init__(
            replace(method.info, has_map=options.with_map),
            in_channels=in_channels,
            image_size=image_size,
            settings=settings,
        )
        if image_size < SMALLEST_IMAGE:
            msg = f"expected image_size to be {SMALLEST_IMAGE} or above, got {image_size}"
            raise ValueError(msg)
        if not method.is_trained and (options.weights is None or options.density == "classifier"):
            msg = (
                f"{method.info.name} is not trained: it needs weights and a density, "
                f"got weights={options.weights!r}, density={options.density!r}"
            )
            raise ValueError(msg)
        self.options = options
        self.paste_options = paste_options
        self.scorer = Scorer(options)
        self._method = method
        self._normals: ImageSource | None = None  # during a training
        self.steps_per_epoch = options.steps_per_epoch
        self._rate_follows_epochs = options.restart_epochs is None
        starts_from = options.weights if pretrained else None
        are_here = starts_from is None or weights_are_here(options.backbone, starts_from)
        self._lacks_weights = not are_here
        self.network = self._make_network(0, pretrained=pretrained and are_here)
        self._widths = {"density": self.network.width}
        if options.with_map:
            self._widths["map_density"] = patch_width(self.network, options, image_size)

    @classmethod
    def from_saved(cls, state: Mapping[str, Any], meta: Mapping[str, Any]) -> Self:
        """Make the detector of a saved state, which holds all weights and needs no file."""
        method = RECORDS[meta["method"]]
        options, paste_options = split_options(method, meta["options"])
        check_network(
            state["network"],
            lambda: TwoStageNetwork(options.backbone, options.head, method.classes),
        )
        return cls(
            method,
            in_channels=meta["in_channels"],
            image_size=meta["image_size"],
            settings=Settings.resolve(method.info, **meta["settings"]),
            options=options,
            paste_options=paste_options,
            pretrained=False,
        ).restore(state, meta)

    @classmethod
    def _methods(cls) -> Iterable[str]:
        return RECORDS

    def __repr__(self) -> str:
        size = f"{self.in_channels} x {self.image_size} x {self.image_size}"
        return f"<{self.info.name}: {size}, {self.options.backbone}, {self.options.density}>"

    def fit_density(self, images: Any, *, device: str = "auto") -> TwoStageDetector:
        """Fit the density to normal images with the network as it is, without training.

        For a network of other origin (``load_medianomaly``), or to move a trained one to the normal
        images of another site. Arguments and errors are those of ``fit``.
        """
        self._read_missing_weights()
        source = self._open_normals(images).to(self._to_device(device))
        self.score_quantiles = score_quantiles(self._score_normals(source))
        return self

    def embed(
        self, images: Any, *, batch_size: int | None = None, device: str = "auto"
    ) -> np.ndarray:
        """Return the embeddings of images before any scaling, float32 (N, D).

        Arguments and errors are those of ``predict``; no density is needed.
        """
        self._read_missing_weights()
        source, batch_size = self._ready(images, batch_size, device)
        return embed(self.network, source, self.options.normalization, batch_size)

    def restore(self, state: Mapping[str, Any], meta: Mapping[str, Any]) -> Self:
        """Take back what ``save`` wrote, densities included."""
        self.scorer.restore(state, self._widths)
        return super().restore(state, meta)

    def _open_normals(self, images: Any) -> ImageSource:
        source = super()._open_normals(images)
        least = self.scorer.min_images
        if len(source) < least:  # before a training, not after it
            density = self.options.density
            msg = f"expected at least {least} images for the density {density!r}, got {len(source)}"
            raise ValueError(msg)
        return source

    def _draw(self, seed: int) -> None:
        self.network.load_state_dict(self._make_network(seed, pretrained=True).state_dict())
        self._lacks_weights = False

    def _read_missing_weights(self) -> None:
        """Read pretrained weights that were not on this machine when the detector was made."""
        if self._lacks_weights:
            self._draw(0)

    def _make_network(self, seed: int, *, pretrained: bool) -> Any:
        """Make a network with the weights of a seed, its trunk pretrained if the options say so."""
        options = self.options
        draws = generator(seed, 0)
        network = draw_network(options.backbone, options.head, self._method.classes, draws)
        if pretrained and options.weights is not None:
            load_weights(network.trunk, options.backbone, options.weights)
        return network.eval()

    def _train(
        self,
        source: ImageSource,
        schedule: Schedule,
        fabric: Fabric,
        on_epoch: Callable[[Epoch], Any] | None,
    ) -> None:
        def after_epoch(epoch: Epoch) -> Any:
            self.scorer.clear()  # it was of the network before
            return on_epoch(epoch) if on_epoch else None

        self.history = []
        self.scorer.clear()
        if not self._method.is_trained:
            return
        self._normals = source
        try:
            images = cast("ImageSource", self._training_images(source))
            super()._train(images, schedule, fabric, after_epoch)
        finally:
            self._normals = None
            self.network.eval()

    def _training_images(
        self, source: ImageSource
    ) -> ImageSource | FirstImages | ImagesWithRegions:
        images: ImageSource | FirstImages = source
        if self.options.train_on_first is not None:
            images = FirstImages(source, self.options.train_on_first)
        find = self._method.find_region
        if find is not None and self.paste_options.find_region_once:
            return ImagesWithRegions(images, lambda batch: find(batch, self.paste_options))
        return images

    def _find_region(self, images: Tensor) -> PasteRegion | None:
        find = self._method.find_region
        return None if find is None else find(images, self.paste_options)

    def _task(self, source: ImageSource, schedule: Schedule, fabric: Fabric) -> Task:
        find_region: Callable[[Tensor], PasteRegion | None] = self._find_region
        if isinstance(source, ImagesWithRegions):
            find_region = source.region_of_taken
        return TwoStageTask(
            self._method,
            self.network,
            options=self.options,
            paste_options=self.paste_options,
            settings=self.settings,
            fabric=fabric,
            seed=schedule.seed,
            epochs=schedule.epochs,
            find_region=find_region,
        )

    def _predict(self, source: ImageSource, batch_size: int, *, with_map: bool) -> Prediction:
        if not self.scorer.is_ready:
            if self._normals is None:
                msg = f"this {self.info.name} is not fitted: call fit or fit_density first"
                from sklearn.exceptions import NotFittedError  # a second to import

                raise NotFittedError(msg)
            trained_on = self._normals.device  # maybe another than this one
            try:
                self._score_normals(self._normals.to(source.device))
            finally:
                self._normals.to(trained_on)
        return self.scorer.predict(self.network, source, batch_size)

    def _scoring(self) -> TwoStageScores:
        if not self.scorer.is_ready:
            msg = f"this {self.info.name} is not fitted: call fit or fit_density first"
            from sklearn.exceptions import NotFittedError  # a second to import

            raise NotFittedError(msg)
        return self.scorer.module(self.network)

    def _backbones(self) -> dict[str, str | None]:
        return {} if self.options.weights is None else {self.options.backbone: None}

    def _score_normals(self, source: ImageSource) -> Any:
        """Fit the densities to the images, and return their scores of these."""
        draws = generator(self.seed or 0, _MAP_PATCHES)
        return self.scorer.fit(self.network, source, self._batch_on(source.device), draws)

    def _state(self) -> dict[str, Any]:
        return {**super()._state(), **self.scorer.state()}

    def _described_options(self) -> dict[str, Any]:
        options = {**asdict(self.options), **asdict(self.paste_options)}
        # As JSON gives them back, for a checkpoint to be known again.
        return {k: list(v) if isinstance(v, tuple) else v for k, v in options.items()}
