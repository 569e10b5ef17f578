"""Detector by principal components of the normal images: the error of the reconstruction."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np

METHODS = {
    "example-pca": SimpleNamespace(
        name="example-pca",
        family="reconstruction",
        summary="principal components, squared error",
        paper="https://doi.org/10.1080/14786440109462720",
        image_size=64,
        channels=1,
        epochs=1,
        has_map=True,
        resize="squash",
    )
}


def build(name: str, *, in_channels: int = 1, image_size: int | None = None, **options: Any) -> PCA:
    """Build the detector; it takes images of any size, so the arguments on that are not needed."""
    unknown = options.keys() - {"components"}
    if unknown:
        msg = f"unknown option of {name}: {', '.join(sorted(unknown))}; it has: components"
        raise ValueError(msg)
    return PCA(**options)


def load(path: str | Path) -> PCA:
    """Load a detector that ``save`` wrote."""
    return PCA.load(path)


class Prediction(NamedTuple):
    """float32 scores (N,) and maps (N, H, W)."""

    score: np.ndarray
    map: np.ndarray


class PCA:
    """The squared error of a reconstruction from the first principal components."""

    def __init__(self, *, components: int = 16) -> None:
        if not isinstance(components, int) or components < 1:
            msg = f"expected components to be a whole number from 1, got {components!r}"
            raise ValueError(msg)
        self.components = components
        self.mean = np.zeros(0)
        self.basis = np.zeros((0, 0))
        self.shape: tuple[int, ...] = ()

    def fit(
        self,
        images: Any,
        *,
        epochs: int | None = None,
        seed: int = 0,
        device: str = "auto",
        on_epoch: Any = None,
    ) -> PCA:
        """Find the components; there is nothing to repeat, to draw or to put on a GPU."""
        pixels = as_array(images)
        self.shape = pixels.shape[1:]
        flat = pixels.reshape(len(pixels), -1) / 255
        self.mean = flat.mean(0)
        _, _, directions = np.linalg.svd(flat - self.mean, full_matrices=False)
        self.basis = directions[: self.components]
        if on_epoch is not None:
            loss = float(self._error(pixels).mean())
            on_epoch(SimpleNamespace(epoch=1, epochs=1, losses={"loss": loss}, learning_rate=0.0))
        return self

    def predict(self, images: Any, *, batch_size: int = 64, device: str = "auto") -> Prediction:
        """Return the error of each pixel, and its mean as the score."""
        pixels = as_array(images)
        if pixels.shape[1:] != self.shape:
            msg = f"expected images of shape {self.shape}, got {pixels.shape[1:]}"
            raise ValueError(msg)
        parts = [self._error(pixels[i : i + batch_size]) for i in range(0, len(pixels), batch_size)]
        error = np.concatenate(parts).mean(1).astype(np.float32)
        return Prediction(error.mean((1, 2)), error)

    def save(self, path: str | Path) -> None:
        """Write arrays and settings into a folder, without pickle; an older model is replaced."""
        folder = Path(path)
        folder.mkdir(parents=True, exist_ok=True)
        settings = {"components": self.components, "shape": self.shape}
        (folder / "pca.json").write_text(json.dumps(settings), encoding="utf-8")
        np.savez(folder / "pca.npz", mean=self.mean, basis=self.basis)

    @classmethod
    def load(cls, path: str | Path) -> PCA:
        """Load what ``save`` wrote; ValueError where the folder is of another method."""
        folder = Path(path)
        if not (folder / "pca.json").exists():
            msg = f"{folder} holds no model of example-pca"
            raise ValueError(msg)
        settings = json.loads((folder / "pca.json").read_text(encoding="utf-8"))
        detector = cls(components=settings["components"])
        detector.shape = tuple(settings["shape"])
        with np.load(folder / "pca.npz", allow_pickle=False) as arrays:
            detector.mean, detector.basis = arrays["mean"], arrays["basis"]
        return detector

    def _error(self, pixels: np.ndarray) -> np.ndarray:
        flat = pixels.reshape(len(pixels), -1) / 255 - self.mean
        rest = flat - flat @ self.basis.T @ self.basis
        return np.square(rest).reshape(pixels.shape)


def as_array(images: Any) -> np.ndarray:
    """Return uint8 (N, C, H, W) of an array, a tensor or a map-style dataset."""
    if not hasattr(images, "shape"):
        images = np.stack([images[i]["image"] for i in range(len(images))])
    array = np.asarray(images)
    if array.dtype != np.uint8 or array.ndim != 4:
        msg = f"expected images to be uint8 (N, C, H, W), got {array.dtype} {array.shape}"
        raise ValueError(msg)
    return array
