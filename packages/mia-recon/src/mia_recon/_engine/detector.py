"""Base class of trained detectors: checked arguments, training, scoring, saving."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import asdict
from numbers import Real
from typing import TYPE_CHECKING, Any

from .backbones import Backbone
from .device import make_fabric, resolve_device
from .images import ImageSource
from .inference import score_quantiles
from .options import whole_number
from .repeatable import repeatable
from .saved_model import MAX_SIDE, check_weights, explain_misfit, read_model
from .scoring_module import ScoringModule
from .seeding import checked
from .storage import save_folder, versions
from .training import Schedule, train

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable, Mapping

    import torch
    from lightning_fabric import Fabric
    from torch import nn
    from typing_extensions import Self

    from .records import Epoch, MethodInfo, Prediction
    from .settings import Settings
    from .training import Task


class TrainedDetector(ABC):
    """Detector with a network that learns from normal images.

    Each family implements the abstract methods. Before ``fit``, the weights are those of seed 0.

    Attributes:
        info: The method's ``MethodInfo``.
        network: The torch module.
        options: The method's options, a dataclass.
        settings: The training settings.
        history: Mean losses of each epoch of the last ``fit``.
        score_quantiles: Quantile -> score of the training images after the last ``fit``.
        seed: Seed of the last ``fit``, None before it.
    """

    network: Any
    options: Any
    score_batch = 64  # images that ``predict`` takes at a time
    cpu_score_pixels: int | None = None  # at most so many pixels of them at a time on a CPU
    steps_per_epoch: int | None = None  # see ``Schedule``
    # Whether the learning rate depends on the total number of epochs.
    _rate_follows_epochs = False

    def __init__(
        self, info: MethodInfo, *, in_channels: int, image_size: int, settings: Settings
    ) -> None:
        self.info = info
        self.in_channels = whole_number("in_channels", in_channels, least=1)
        self.image_size = whole_number("image_size", image_size, least=1)
        if self.in_channels not in (1, 3):
            msg = f"expected in_channels to be 1 (gray) or 3 (RGB), got {in_channels}"
            raise ValueError(msg)
        if self.image_size > MAX_SIDE:
            msg = f"expected image_size to be at most {MAX_SIDE}, got {image_size}"
            raise ValueError(msg)
        self.settings = settings
        self.history: list[dict[str, float]] = []
        self.score_quantiles: dict[float, float] = {}
        self.seed: int | None = None

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
    ) -> Self:
        """Train on normal images, starting from newly drawn (or pretrained) weights.

        Args:
            images: uint8 (N, C, S, S), at least 2: array, memory map, tensor or map-style dataset.
            epochs: Number of epochs (default: as built); 0 only draws the weights.
            seed: Seed of the weights, the order of the images and all other random draws.
            device: See ``predict``.
            on_epoch: Called after each epoch; training ends early where it returns True. It may
                call ``predict``, which then scores with the network of that moment.
            checkpoint: Folder that keeps the training's state; an interrupted ``fit`` with the same
                arguments continues from it, to the same weights. The caller removes it.
            checkpoint_every: Epochs between two checkpoints.

        Raises:
            TypeError: Images that are not uint8.
            ValueError: Images of another shape than the detector was built for, or fewer than 2.
            ModelFileError: A checkpoint of another training, or of a later epoch than the last.
            FloatingPointError: The loss is no longer finite.
        """
        checkpoint_every = whole_number("checkpoint_every", checkpoint_every, least=1)
        seed = checked(seed)
        epochs = self.settings.epochs if epochs is None else epochs
        epochs = whole_number("epochs", epochs, least=0)
        source = self._open_normals(images)
        schedule = Schedule(
            epochs=epochs,
            batch_size=self.settings.batch_size,
            seed=seed,
            steps_per_epoch=self.steps_per_epoch,
            checkpoint=checkpoint,
            checkpoint_every=checkpoint_every,
            identity={
                **self._described(),
                "images": list(source.shape),
                **({"epochs": epochs} if self._rate_follows_epochs else {}),
            },
        )
        fabric = make_fabric(device, self.settings.precision)
        self._draw(seed)
        # If training is interrupted, results of an earlier one must not be taken for its own.
        self.seed, self.history, self.score_quantiles = seed, [], {}
        fabric.to_device(self.network)
        source.to(fabric.device)
        self._train(source, schedule, fabric, on_epoch)
        self.network.eval()
        self.score_quantiles = score_quantiles(self._score_normals(source))
        return self

    def predict(
        self, images: Any, *, batch_size: int | None = None, device: str = "auto"
    ) -> Prediction:
        """Score images; a score depends on neither the order nor the batch size.

        Args:
            images: uint8 (N, C, S, S), see ``fit``.
            batch_size: Images at a time (default: chosen for the method).
            device: ``"auto"``, ``"cpu"``, ``"cuda"``, ``"cuda:1"`` or ``"mps"``.

        Raises:
            TypeError: Images that are not uint8.
            ValueError: Images of another shape than the detector was built for.
        """
        source, batch_size = self._ready(images, batch_size, device)
        return self._predict(source, batch_size, with_map=self.info.has_map)

    def scoring_module(self) -> ScoringModule:
        """Return everything from images to scores as one module, to export it.

        ``predict`` scores with the same modules. It shares the detector's weights, on the CPU and
        in evaluation mode.

        Raises:
            FileNotFoundError: Weights of a frozen network are not to be had.
            ValueError: The method's score is no forward pass; the message says what it is.
        """
        scores = self._scoring()
        self._to_device("cpu")
        shape = (self.in_channels, self.image_size)
        return ScoringModule(scores, shape, self._backbones())

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write weights (safetensors) and settings (JSON) into a folder, completely or not at all.

        Raises:
            ModelFileError: The path holds something that is not a saved model.
            OSError: It cannot be written.
        """
        package = self._package()
        meta = {
            "package": package,
            **self._described(),
            "seed": self.seed,
            "losses": self.history[-1] if self.history else {},
            "history": self.history,
            "score_quantiles": [[q, score] for q, score in self.score_quantiles.items()],
            "versions": versions(package.replace("_", "-"), "torch", "numpy"),
        }
        save_folder(path, self._state(), meta)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Load the detector that ``save`` wrote.

        Raises:
            ModelFileError: Nothing there, damaged files, or a model of another family or format.
        """
        state, meta = read_model(path, cls._package(), cls._methods())
        with explain_misfit(path):
            return cls.from_saved(state, meta)

    @classmethod
    @abstractmethod
    def from_saved(cls, state: Mapping[str, Any], meta: Mapping[str, Any]) -> Self:
        """Make the detector of a state and facts that ``read_model`` has read.

        Raises:
            KeyError, RuntimeError, TypeError, ValueError: A part is missing or does not fit.
        """

    @classmethod
    @abstractmethod
    def _methods(cls) -> Iterable[str]:
        """Return the names of the family's methods."""

    def restore(self, state: Mapping[str, Any], meta: Mapping[str, Any]) -> Self:
        """Restore what ``save`` wrote, into a detector of the same method and options.

        Raises:
            KeyError, RuntimeError, TypeError, ValueError: A part is missing or does not fit.
        """
        check_weights(state["network"], self.network.state_dict())
        self.network.load_state_dict(state["network"])
        self.network.eval()
        self.seed = None if meta["seed"] is None else checked(meta["seed"])
        self.history = [_numbers("history", losses) for losses in meta["history"]]
        self.score_quantiles = _numbers("score_quantiles", meta["score_quantiles"])
        return self

    @abstractmethod
    def _draw(self, seed: int) -> None:
        """Draw the network's initial weights from a seed."""

    @abstractmethod
    def _task(self, source: ImageSource, schedule: Schedule, fabric: Fabric) -> Task:
        """Return the training step; the network and the source are on their device."""

    @abstractmethod
    def _predict(self, source: ImageSource, batch_size: int, *, with_map: bool) -> Prediction:
        """Return scores of the source's images, and their maps if asked for."""

    @abstractmethod
    def _scoring(self) -> nn.Module:
        """Return images -> scores and maps as the family's module, see ``ScoringModule``.

        Raises:
            ValueError: The score is no forward pass.
        """

    def _backbones(self) -> dict[str, str | None]:
        """Return the pretrained networks' names and the SHA-256 of their files."""
        parts = [part for part in self.network.modules() if isinstance(part, Backbone)]
        return {part.name: part.sha256 for part in parts}

    def _train(
        self,
        source: ImageSource,
        schedule: Schedule,
        fabric: Fabric,
        on_epoch: Callable[[Epoch], Any] | None,
    ) -> None:
        def after_epoch(epoch: Epoch) -> Any:
            answer = on_epoch(epoch) if on_epoch else None
            fabric.to_device(self.network)  # predict may have moved it
            return answer

        with repeatable(fabric.device):
            task = self._task(source, schedule, fabric)
            self.network.train()
            self.history = train(task, source, schedule, after_epoch)

    def _score_normals(self, source: ImageSource) -> Any:
        """Return scores of the training images, (N,)."""
        return self._predict(source, self._batch_on(source.device), with_map=False).score

    def _state(self) -> dict[str, Any]:
        """Return everything that was learned, for a file."""
        return {"network": self.network.state_dict()}

    def _described_options(self) -> dict[str, Any]:
        return asdict(self.options)

    def _described(self) -> dict[str, Any]:
        return {
            "method": self.info.name,
            "in_channels": self.in_channels,
            "image_size": self.image_size,
            "settings": asdict(self.settings),
            "options": self._described_options(),
        }

    @classmethod
    def _package(cls) -> str:
        return cls.__module__.partition(".")[0]

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
        found = resolve_device(device)
        self.network.to(found)
        return found

    def _ready(self, images: Any, batch_size: int | None, device: str) -> tuple[ImageSource, int]:
        """Move images and network to one device; return the images and the batch size."""
        if batch_size is not None:
            batch_size = whole_number("batch_size", batch_size, least=1)
        source = self._open(images)
        source.to(self._to_device(device))
        return source, self._batch_on(source.device) if batch_size is None else batch_size

    def _batch_on(self, device: torch.device) -> int:
        """Return how many images are scored at a time where nobody asks for a number."""
        if device.type != "cpu" or self.cpu_score_pixels is None:
            return self.score_batch
        return max(1, min(self.score_batch, self.cpu_score_pixels // self.image_size**2))


def _numbers(name: str, saved: Any) -> dict[Any, float]:
    """Return a saved mapping or its pairs as a dict; raise ValueError if a value is no number."""
    values = dict(saved)
    for value in values.values():
        if not isinstance(value, Real):
            msg = f"expected {name} to hold numbers, got {value!r}"
            raise ValueError(msg)
    return values
