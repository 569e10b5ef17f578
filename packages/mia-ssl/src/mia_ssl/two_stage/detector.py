"""The detector that fits, embeds, scores, saves and loads any two-stage method."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any, cast

import torch
from sklearn.exceptions import NotFittedError

from mia_ssl._engine.device import make_fabric
from mia_ssl._engine.images import ImageSource
from mia_ssl._engine.inference import score_quantiles
from mia_ssl._engine.options import check_positive
from mia_ssl._engine.seeding import generator
from mia_ssl._engine.storage import save_folder
from mia_ssl._engine.training import Schedule, train
from mia_ssl.two_stage.fields import FieldSource
from mia_ssl.two_stage.maps import find_layer
from mia_ssl.two_stage.network import draw_network
from mia_ssl.two_stage.scoring import Scorer, embed
from mia_ssl.two_stage.task import TwoStageTask
from mia_ssl.two_stage.weights import load_weights

if TYPE_CHECKING:
    import os
    from collections.abc import Callable

    import numpy as np
    from lightning_fabric import Fabric

    from mia_ssl._engine.records import Epoch, Prediction
    from mia_ssl._engine.settings import Settings
    from mia_ssl.two_stage.methods import Method
    from mia_ssl.two_stage.options import Options

SCORE_BATCH = 64
SMALLEST_IMAGE = 64
_MAP_PATCHES = 4  # stream of the seed


class TwoStageDetector:
    """Embeddings of normal images and a density of them; what lies where it is thin is abnormal.

    Made by ``mia_ssl.build``. Before ``fit``, its weights are those of seed 0.

    Attributes:
        info: The method's ``MethodInfo``.
        network: The torch module.
        options: The options that all two-stage methods share.
        pasting: The options of what the method pastes.
        settings: The training settings.
        scorer: The fitted densities.
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
        pasting: Any,
        pretrained: bool = True,
    ) -> None:
        if in_channels not in (1, 3):
            msg = f"expected in_channels to be 1 (gray) or 3 (RGB), got {in_channels}"
            raise ValueError(msg)
        if image_size < SMALLEST_IMAGE:
            msg = f"expected image_size to be {SMALLEST_IMAGE} or above, got {image_size}"
            raise ValueError(msg)
        self.info = replace(method.info, has_map=options.with_map)
        self.in_channels = in_channels
        self.image_size = image_size
        self.settings = settings
        self.options = options
        self.pasting = pasting
        self.history: list[dict[str, float]] = []
        self.score_quantiles: dict[float, float] = {}
        self.seed: int | None = None
        self.scorer = Scorer(options)
        self._method = method
        self._normals: ImageSource | None = None  # while fit runs
        self.network = self._draw(0, pretrained=pretrained)
        if options.with_map:
            find_layer(self.network, options.map_layer)

    def __repr__(self) -> str:
        size = f"{self.in_channels} x {self.image_size} x {self.image_size}"
        return f"<{self.info.name}: {size}, {self.options.backbone}, {self.options.density}>"

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
    ) -> TwoStageDetector:
        """Train on normal images from newly drawn (or pretrained) weights, then fit the density.

        Args:
            images: uint8 (N, C, S, S), at least 2: array, memory map, tensor or map-style dataset.
            epochs: None for those the detector was built with; 0 leaves the weights as drawn. A
                method without training ignores it.
            seed: Of the weights, the order and all that training draws.
            device: See ``predict``.
            on_epoch: Called after each epoch; training ends early where it returns True. A
                ``predict`` from inside fits the density to the network of that moment.
            checkpoint: Folder that keeps the training's state; an interrupted ``fit`` with the same
                arguments goes on from it, to the same weights. It is the caller's to remove.
            checkpoint_every: Epochs between two checkpoints.

        Raises:
            TypeError: Images that are not uint8.
            ValueError: Images of another shape than the detector was built for, or fewer than 2.
            FileNotFoundError: Pretrained weights that are no longer there.
            FloatingPointError: The loss is no longer finite.
        """
        source = self._open_normals(images)
        epochs = self.settings.epochs if epochs is None else epochs
        fabric = make_fabric(device, self.settings.precision)
        self.network.load_state_dict(self._draw(seed, pretrained=True).state_dict())
        fabric.to_device(self.network)
        source.to(fabric.device)
        self.seed = seed
        self.history = []
        self._normals = source
        try:
            if self._method.is_trained:
                schedule = Schedule(
                    epochs=epochs,
                    batch_size=self.settings.batch_size,
                    seed=seed,
                    steps_per_epoch=self.options.steps_per_epoch,
                    checkpoint=checkpoint,
                    checkpoint_every=checkpoint_every,
                    identity={**self._described(), "images": list(source.shape)},
                )
                self._train(source, schedule, fabric, on_epoch)
            self._fit_scorer(source)
        finally:
            self._normals = None
        return self

    def fit_density(self, images: Any, *, device: str = "auto") -> TwoStageDetector:
        """Fit the density to normal images with the network as it is, without training.

        For a network of other origin (``load_medianomaly``), or to move a trained one to the normal
        images of another site. Arguments and errors are those of ``fit``.
        """
        source = self._open_normals(images)
        source.to(self._to_device(device))
        self._fit_scorer(source)
        return self

    def embed(
        self, images: Any, *, batch_size: int = SCORE_BATCH, device: str = "auto"
    ) -> np.ndarray:
        """The embeddings that the density sees, before any scaling: float32 (N, D).

        Arguments and errors are those of ``predict``; no density is needed.
        """
        check_positive(batch_size=batch_size)
        source = self._open(images)
        source.to(self._to_device(device))
        return embed(self.network, source, self.options.normalisation, batch_size)

    def predict(
        self, images: Any, *, batch_size: int = SCORE_BATCH, device: str = "auto"
    ) -> Prediction:
        """Score images; neither their order nor the batch size changes a score.

        Args:
            images: uint8 (N, C, S, S), see ``fit``.
            batch_size: Images at a time.
            device: ``"auto"``, ``"cpu"``, ``"cuda"``, ``"cuda:1"`` or ``"mps"``.

        Raises:
            TypeError: Images that are not uint8.
            ValueError: Images of another shape than the detector was built for.
            NotFittedError: Before ``fit`` or ``fit_density``.
        """
        check_positive(batch_size=batch_size)
        source = self._open(images)
        source.to(self._to_device(device))
        if not self.scorer.is_ready:
            if self._normals is None:
                msg = f"this {self.info.name} is not fitted: call fit or fit_density first"
                raise NotFittedError(msg)
            self._fit_scorer(self._normals)
        return self.scorer.predict(self.network, source, batch_size)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write weights and density (safetensors) and settings (JSON), whole or not at all.

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
        save_folder(path, {"network": self.network.state_dict(), **self.scorer.state()}, meta)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> TwoStageDetector:
        """The detector that ``save`` wrote.

        Raises:
            ModelFileError: Nothing there, damaged files, or a model of another package.
        """
        from mia_ssl.registry import load

        return load(path)

    def _draw(self, seed: int, *, pretrained: bool) -> Any:
        """A network with the weights of a seed, its trunk pretrained where the options say so."""
        classes = 1 + len(self._method.variants) if self._method.is_trained else 0
        options = self.options
        network = draw_network(options.backbone, options.head, classes, generator(seed, 0))
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
        fields = FieldSource(source) if self._method.needs_fields and schedule.epochs else None
        task = TwoStageTask(
            self._method,
            self.network,
            options=self.options,
            pasting=self.pasting,
            settings=self.settings,
            fabric=fabric,
            seed=schedule.seed,
            epochs=schedule.epochs,
            fields=lambda: fields.taken if fields else None,
        )

        def after_epoch(epoch: Epoch) -> Any:
            self.scorer.clear()  # it was of the network before
            return on_epoch(epoch) if on_epoch else None

        self.scorer.clear()
        self.network.train()
        try:
            # A FieldSource is read as an ImageSource is.
            images = cast("ImageSource", fields or source)
            self.history = train(task, images, schedule, after_epoch)
        finally:
            self.network.eval()

    def _fit_scorer(self, normals: ImageSource) -> None:
        draws = generator(self.seed or 0, _MAP_PATCHES)
        scores = self.scorer.fit(self.network, normals, SCORE_BATCH, draws)
        self.score_quantiles = score_quantiles(scores)

    def _described(self) -> dict[str, Any]:
        options = {**asdict(self.options), **asdict(self.pasting)}
        return {
            "method": self.info.name,
            "in_channels": self.in_channels,
            "image_size": self.image_size,
            "settings": asdict(self.settings),
            # As JSON gives them back, for a checkpoint to be known again.
            "options": {k: list(v) if isinstance(v, tuple) else v for k, v in options.items()},
        }

    def _open(self, images: Any) -> ImageSource:
        source = ImageSource(images)
        size = self.image_size
        source.check_shape(channels=self.in_channels, height=size, width=size)
        return source

    def _open_normals(self, images: Any) -> ImageSource:
        source = self._open(images)
        if len(source) < 2:
            msg = f"expected at least 2 images to train on, got {len(source)}"
            raise ValueError(msg)
        return source

    def _to_device(self, device: str) -> torch.device:
        fabric = make_fabric(device)
        fabric.to_device(self.network)
        return fabric.device
