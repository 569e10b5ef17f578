"""The contract of a detector and of a package that brings detectors; nothing is inherited.

``Detector`` is what every detector has. ``TakesCheckpoint``, ``TakesBatchSize``, ``HasHistory``,
``HasStepsPerEpoch``, ``CountsParameters``, ``HasCallsPerImage``, ``HasScoringModule`` and
``Reconstructs`` are optional, each by itself; ``mia_bench.detectors.optional`` looks them up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping, Sequence

    import numpy as np


class Prediction(Protocol):
    """Scores of N images; higher is more abnormal."""

    @property
    def score(self) -> np.ndarray:
        """float32 (N,)."""
        ...

    @property
    def map(self) -> np.ndarray | None:
        """float32 (N, H, W) at the input's height and width, or None."""
        ...


class Epoch(Protocol):
    """Facts of an epoch, which ``on_epoch`` is called with after it."""

    @property
    def epoch(self) -> int:
        """The epoch that has just ended, counted from 1."""
        ...

    @property
    def epochs(self) -> int:
        """The number of epochs of the whole training."""
        ...

    @property
    def losses(self) -> Mapping[str, float]:
        """Mean of each loss term over the epoch's images; ``"loss"`` is what is minimized."""
        ...

    @property
    def learning_rate(self) -> float:
        """The learning rate of this epoch."""
        ...


class Detector(Protocol):
    """Learns from normal images alone and scores others.

    ``images`` are uint8 (N, C, H, W): an array, a memory map, a tensor, or a map-style dataset of
    ``{"image": (C, H, W)}``.
    """

    def fit(
        self,
        images: Any,
        *,
        epochs: int | None = None,
        seed: int = 0,
        device: str = "auto",
        on_epoch: Callable[[Any], Any] | None = None,
    ) -> Detector:
        """Train on normal images and return the detector itself.

        ``on_epoch`` is called with an ``Epoch`` after each epoch; the training ends early where it
        returns True. The same seed on the same device gives the same detector.

        Raises:
            TypeError, ValueError: Images that are not uint8 (N, C, H, W).
        """
        ...

    def predict(self, images: Any, *, device: str = "auto") -> Prediction:
        """Score each image by itself: the others and their order change nothing.

        Raises:
            TypeError, ValueError: Images that are not uint8 (N, C, H, W).
        """
        ...

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write all that ``load`` needs into a folder, without pickle; replace an older model."""
        ...

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Detector:
        """Load the detector that ``save`` wrote."""
        ...


class TakesCheckpoint(Protocol):
    """Optional: an interrupted training goes on from a checkpoint."""

    def fit(
        self,
        images: Any,
        *,
        epochs: int | None = None,
        seed: int = 0,
        device: str = "auto",
        on_epoch: Callable[[Any], Any] | None = None,
        checkpoint: str | os.PathLike[str] | None = None,
        checkpoint_every: int = 10,
    ) -> Detector:
        """Train, and keep the state of the training in the folder ``checkpoint``.

        The state is written every ``checkpoint_every`` epochs. A later call with the same arguments
        goes on from it and ends with the same detector as an uninterrupted training.
        """
        ...


class TakesBatchSize(Protocol):
    """Optional: the caller chooses how many images are scored at a time."""

    def predict(self, images: Any, *, batch_size: int = ..., device: str = "auto") -> Prediction:
        """Score ``batch_size`` images at a time; the scores do not depend on it."""
        ...


class HasHistory(Protocol):
    """Optional: the detector keeps the losses of its last training.

    Attributes:
        history: The loss terms of each epoch, those before an interruption included.
    """

    history: Sequence[Mapping[str, float]]


class HasStepsPerEpoch(Protocol):
    """Optional: an epoch is a number of training steps, however many images there are.

    Attributes:
        steps_per_epoch: Training steps of an epoch, which the next ``fit`` takes; None where an
            epoch goes once through the images. ``mia-bench plan`` sets it to 1 to time one step.
    """

    steps_per_epoch: int | None


class CountsParameters(Protocol):
    """Optional: the detector counts what it learns.

    Of others, the trainable parameters of the torch networks among the detector's attributes are
    counted.
    """

    @property
    def learned_parameters(self) -> int:
        """Number of values that a training learns."""
        ...


class HasCallsPerImage(Protocol):
    """Optional: scoring calls the network that is trained many times for an image.

    Attributes:
        calls_per_image: The number of calls. ``mia-bench plan`` times a training step instead of
            the scoring where there are many.
    """

    calls_per_image: int


class HasScoringModule(Protocol):
    """Optional: the detector's scoring is a forward pass of PyTorch, which can be exported."""

    def scoring_module(self) -> Any:
        """Return a ``torch.nn.Module`` on the CPU that scores as ``predict`` does.

        It maps uint8 images [B, C, H, W] to scores float32 [B] and maps float32 [B, H, W], or None
        in their place, by operations of PyTorch alone. It may have an attribute ``backbones``: the
        names of pretrained networks and the SHA-256 of their files (None where not known).

        Raises:
            ValueError: The score is no forward pass; the message says what it is.
        """
        ...


class Reconstructs(Protocol):
    """Optional: the detector shows how it rebuilds an image; a study keeps a few for its pages.

    Attributes:
        reconstructs: Whether it rebuilds images; ``reconstruct`` is called only where it is True.
    """

    reconstructs: bool

    def reconstruct(self, images: Any, *, device: str = "auto") -> np.ndarray:
        """Return the reconstructions of images, float32 (N, C, H, W) from 0 to 1."""
        ...


class Cost(Protocol):
    """Cost of a method at its default sizes."""

    @property
    def parameters(self) -> int:
        """Number of learned values."""
        ...

    @property
    def macs(self) -> int:
        """Multiply-accumulate operations to score one image."""
        ...


class MethodInfo(Protocol):
    """Facts of a method, known without building it.

    Optional: ``cost``, a ``Cost`` or None; ``resample``, the filter that images are resized with, a
    name that ``mia_data.load`` takes (``"bilinear"`` where there is none); ``weights``, pretrained
    weights that its defaults need: ``"torchvision:FILE"`` for a file in torchvision's cache,
    ``"package:MODULE"`` for an installed package, or None.

    Attributes:
        name: Its registered name.
        family: Methods that learn in the same way, such as ``"reconstruction"``.
        summary: One line on what is special about it.
        paper: Link to the paper that it comes from.
        image_size: Side of the square images in pixels.
        channels: 1 (gray) or 3 (RGB).
        epochs: Epochs of its training.
        has_map: Whether ``predict`` gives a score for each pixel.
        resize: How images are brought to ``image_size``: ``"squash"`` or ``"short_side"``.
    """

    name: str
    family: str
    summary: str
    paper: str
    image_size: int
    channels: int
    epochs: int
    has_map: bool
    resize: str


class Provider(Protocol):
    """A module or object registered under the entry-point group ``mia.detectors``."""

    METHODS: Mapping[str, MethodInfo]

    def build(
        self, name: str, *, in_channels: int = 1, image_size: int | None = None, **options: Any
    ) -> Detector:
        """Build an untrained detector of this method; ValueError for options that it lacks."""
        ...

    def load(self, path: str | os.PathLike[str]) -> Detector:
        """Load a saved detector of this provider; ValueError where it is of another one."""
        ...
