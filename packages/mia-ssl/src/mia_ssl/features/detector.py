"""Detector of any feature method: fits, scores, saves and loads."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import torch

from mia_ssl._engine.backbones import Backbone
from mia_ssl._engine.detector import TrainedDetector
from mia_ssl._engine.options import parse_options
from mia_ssl._engine.records import Prediction
from mia_ssl._engine.seeding import generator
from mia_ssl._engine.settings import Settings
from mia_ssl.checks import check_image_side
from mia_ssl.features.extract import extract, features_of
from mia_ssl.features.kept_features import KeptFeatures
from mia_ssl.features.methods import RECORDS
from mia_ssl.features.orientations import AS_IS, ORIENTATIONS
from mia_ssl.features.scores import FeatureScores

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from lightning_fabric import Fabric
    from torch import Tensor
    from typing_extensions import Self

    from mia_ssl._engine.images import ImageSource
    from mia_ssl._engine.records import Epoch
    from mia_ssl._engine.scoring_module import ScoringModule
    from mia_ssl._engine.training import Schedule, Task
    from mia_ssl.features.extract import Features
    from mia_ssl.features.method import FeatureMethod
    from mia_ssl.features.options import FeatureOptions

_MODEL = 1  # stream of the seed


class FeatureDetector(TrainedDetector):
    """Detector that scores an image by how its features differ from those of normal images.

    Made by ``mia_ssl.build``. ``fit`` passes the normal images through the frozen network, which is
    not trained; a checkpoint would hold nothing. ``fit`` and ``predict`` raise FileNotFoundError
    where the network's weights cannot be had, ``predict`` sklearn's NotFittedError before ``fit``.

    Attributes:
        model: Model of the normal features.
    """

    score_batch = 16

    def __init__(
        self,
        method: FeatureMethod,
        *,
        in_channels: int,
        image_size: int,
        settings: Settings,
        options: FeatureOptions,
    ) -> None:
        super().__init__(
            method.info, in_channels=in_channels, image_size=image_size, settings=settings
        )
        check_image_side(image_size)
        self.options = options
        self.network = Backbone(options.backbone, options.weights)
        if max(options.stages) >= len(self.network.channels):
            msg = f"expected stages of {options.backbone} below {len(self.network.channels)}, "
            msg += f"got {options.stages}"
            raise ValueError(msg)
        self.score_batch = settings.batch_size
        self._method = method
        self.model = method.model(options)
        self._is_fitted = False
        self._kept = KeptFeatures(options.bytes / 2)

    @classmethod
    def from_saved(cls, state: Mapping[str, Any], meta: Mapping[str, Any]) -> Self:
        """Make the detector of a saved state."""
        method = RECORDS[meta["method"]]
        settings = {key: meta["settings"][key] for key in ("epochs", "batch_size")}
        return cls(
            method,
            in_channels=meta["in_channels"],
            image_size=meta["image_size"],
            settings=Settings.resolve(method.info, **settings),
            options=parse_options(method.options, meta["options"], owner=method.info.name),
        ).restore(state, meta)

    @classmethod
    def _methods(cls) -> Iterable[str]:
        return RECORDS

    @property
    def learned_parameters(self) -> int:
        """Number of values that a network on top of the frozen one learns; 0 where there is none.

        Before ``fit`` there is none.
        """
        network = getattr(self.model, "network", None)
        return 0 if network is None else sum(each.numel() for each in network.parameters())

    def restore(self, state: Mapping[str, Any], meta: Mapping[str, Any]) -> Self:
        """Take back what ``save`` wrote, the model included."""
        if "model" in state:
            self.model.restore(state["model"])
            self._is_fitted = True
        return super().restore(state, meta)

    def _draw(self, seed: int) -> None:
        """Draw nothing: the network is frozen."""

    def _task(self, source: ImageSource, schedule: Schedule, fabric: Fabric) -> Task:
        msg = f"the network of {self.info.name} is frozen: no task trains it"
        raise NotImplementedError(msg)

    def _train(
        self,
        source: ImageSource,
        schedule: Schedule,
        fabric: Fabric,
        on_epoch: Callable[[Epoch], Any] | None,
    ) -> None:
        self._is_fitted = False
        self._kept.clear()
        normals = _Normals(self, source, schedule.epochs, self._kept)
        try:
            self.model.fit(normals, generator(schedule.seed, _MODEL))
        except BaseException:
            self._kept.clear()
            raise
        self._is_fitted = True

    def scoring_module(self) -> ScoringModule:
        """Return everything from images to scores as one module, to export it.

        Raises:
            FileNotFoundError: The network's weights are not to be had.
            ValueError: The features are not float32.
        """
        if self.options.feature_precision != "float32":
            msg = f"{self.info.name} was fitted to {self.options.feature_precision} features, "
            msg += "which other runtimes round differently; expected feature_precision='float32'"
            raise ValueError(msg)
        return super().scoring_module()

    def _score_normals(self, source: ImageSource) -> Any:
        computed = extract(self.network, source, self.options, self.score_batch)
        as_fitted = self.options.orientations == AS_IS
        normals = self._kept.through(computed, len(source)) if as_fitted else computed
        scores = self._scores(normals, with_map=False, is_normal=True).score
        self._kept.clear()
        return scores

    def _predict(self, source: ImageSource, batch_size: int, *, with_map: bool) -> Prediction:
        computed = extract(self.network, source, self.options, batch_size)
        return self._scores(computed, with_map=with_map, is_normal=False)

    def _scores(self, images: Iterable[Features], *, with_map: bool, is_normal: bool) -> Prediction:
        module = self._scoring()
        scores, maps = [], []
        for features in images:
            score, pixels = module.of_features(
                features, self.image_size, with_map=with_map, is_normal=is_normal
            )
            scores.append(score)
            if with_map and pixels is not None:
                maps.append(pixels)
        return Prediction(torch.cat(scores).numpy(), torch.cat(maps).numpy() if maps else None)

    def _scoring(self) -> FeatureScores:
        if not self._is_fitted:
            msg = f"this {self.info.name} is not fitted: call fit first"
            from sklearn.exceptions import NotFittedError  # a second to import

            raise NotFittedError(msg)
        return FeatureScores(self._method, self.network, self.model, self.options)

    def _state(self) -> dict[str, Any]:
        return {**super()._state(), **({"model": self.model.state()} if self._is_fitted else {})}

    def _described_options(self) -> dict[str, Any]:
        # As JSON gives them back.
        options = asdict(self.options)
        return {k: list(v) if isinstance(v, tuple) else v for k, v in options.items()}


class _Normals:
    """``NormalImages`` of a detector and a source."""

    def __init__(
        self, detector: FeatureDetector, source: ImageSource, epochs: int, kept: KeptFeatures
    ) -> None:
        self.epochs = epochs
        self._kept = kept
        self._detector = detector
        self._source = source
        self._copies = len(ORIENTATIONS[detector.options.orientations])

    @property
    def count(self) -> int:
        return len(self._source) * self._copies

    def __call__(self) -> Iterator[Features]:
        options, size = self._detector.options, self._detector.score_batch
        computed = extract(
            self._detector.network, self._source, options, size, options.orientations
        )
        return self._kept.through(computed, self.count)

    def changed(self, change: Callable[[Tensor], Tensor], numbers: Tensor) -> Iterator[Features]:
        detector = self._detector
        for some in numbers.split(detector.score_batch):
            images = change(self._source.take(some).cpu()).to(self._source.device)
            yield features_of(detector.network, images, some, detector.options)
