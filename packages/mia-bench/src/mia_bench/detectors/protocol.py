"""What a detector, and a package that brings detectors, must have. Nothing is inherited."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping

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


class Detector(Protocol):
    """Learns from normal images alone and scores others.

    ``images`` are uint8 (N, C, H, W): an array, a memory map, a tensor or a map-style dataset.
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
        """Train; ``on_epoch`` is told epoch, losses and learning rate and returns True to stop."""
        ...

    def predict(self, images: Any, *, batch_size: int = ..., device: str = "auto") -> Prediction:
        """Scores that depend on neither the batch size nor the order of the images."""
        ...

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write everything ``load`` needs into a folder, without pickle."""
        ...

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Detector:
        """The detector that ``save`` wrote."""
        ...


class MethodInfo(Protocol):
    """What a provider tells of a method."""

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
        """A detector of this method; ValueError for options that it does not have."""
        ...

    def load(self, path: str | os.PathLike[str]) -> Detector:
        """A saved detector of this provider; ValueError where it is of another one."""
        ...
