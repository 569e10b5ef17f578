"""Lookup of the optional parts of the detector contract, which ``protocol`` declares."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping, Sequence

    from mia_bench.detectors.protocol import Cost, Detector, MethodInfo


@dataclass(frozen=True)
class OptionalParts:
    """The optional parts that a detector has."""

    detector: Detector

    @property
    def takes_checkpoint(self) -> bool:
        """True where the detector is a ``TakesCheckpoint``."""
        parameters = inspect.signature(self.detector.fit).parameters
        return "checkpoint" in parameters and "checkpoint_every" in parameters

    @property
    def takes_batch_size(self) -> bool:
        """True where the detector is a ``TakesBatchSize``."""
        return "batch_size" in inspect.signature(self.detector.predict).parameters

    @property
    def history(self) -> Sequence[Mapping[str, float]] | None:
        """The losses of each epoch where the detector is a ``HasHistory``, else None."""
        return getattr(self.detector, "history", None)

    @property
    def steps_per_epoch(self) -> int | None:
        """Training steps of an epoch where the detector is a ``HasStepsPerEpoch``, else None."""
        return getattr(self.detector, "steps_per_epoch", None)

    @property
    def learned_parameters(self) -> int | None:
        """Number of learned values where the detector is a ``CountsParameters``, else None."""
        return getattr(self.detector, "learned_parameters", None)

    @property
    def calls_per_image(self) -> int:
        """Calls of the network to score an image where it is a ``HasCallsPerImage``, else 1."""
        return getattr(self.detector, "calls_per_image", 1)

    @property
    def scoring_module(self) -> Callable[[], Any] | None:
        """The method of a ``HasScoringModule``, else None."""
        return getattr(self.detector, "scoring_module", None)

    @property
    def reconstructs(self) -> bool:
        """True where the detector is a ``Reconstructs`` that rebuilds images."""
        return bool(getattr(self.detector, "reconstructs", False))

    def reconstruction(self, device: str) -> Callable[[np.ndarray], np.ndarray] | None:
        """Return the function that rebuilds images on a device; None where there is none.

        It takes uint8 (N, C, H, W), and raises ValueError where what the detector gives is not
        finite or not of that shape.
        """
        if not self.reconstructs:
            return None
        detector: Any = self.detector

        def reconstruct(images: np.ndarray) -> np.ndarray:
            found = np.asarray(detector.reconstruct(images, device=device), np.float32)
            if found.shape != images.shape or not np.isfinite(found).all():
                finite = "" if np.isfinite(found).all() else " with NaN or infinite values"
                msg = f"expected finite reconstructions {images.shape}, got {found.shape}{finite}"
                raise ValueError(msg)
            return found

        return reconstruct

    def checkpoint(self, folder: str | os.PathLike[str], every: int) -> dict[str, Any]:
        """Return the arguments of ``fit`` for a checkpoint; none where it keeps none."""
        return {"checkpoint": folder, "checkpoint_every": every} if self.takes_checkpoint else {}

    def batch_size(self, count: int | None) -> dict[str, int]:
        """Return the arguments of ``predict`` for a batch size; none where it takes none.

        Args:
            count: Images at a time; None for what the detector chooses itself.
        """
        return {"batch_size": count} if count is not None and self.takes_batch_size else {}


def resample_of(info: MethodInfo) -> str:
    """Return the filter that a method's images are resized with; bilinear where it names none."""
    return getattr(info, "resample", "bilinear")


def cost_of(info: MethodInfo) -> Cost | None:
    """Return what a method costs, None where its package does not tell."""
    return getattr(info, "cost", None)
