"""A fitted model in memory, which scores images as they come."""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple

import mia_data
import numpy as np

from mia_bench.device import resolve_device
from mia_bench.errors import StudyError
from mia_bench.files import expand_home
from mia_bench.inference.model_folder import load_model as read_model
from mia_bench.inference.normal_scores import FPR, predict_checked

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mia_bench.detectors.protocol import Detector
    from mia_bench.inference.model_folder import Model

    Image = np.ndarray | bytes | str | os.PathLike[str]

BATCH = 64
# What files begin with, and the suffix by which they are read.
_SUFFIXES = (
    (0, b"\x89PNG", ".png"),
    (0, b"\xff\xd8\xff", ".jpg"),
    (0, b"II", ".tif"),
    (0, b"MM", ".tif"),
    (0, b"BM", ".bmp"),
    (128, b"DICM", ".dcm"),
    (0, b"\x1f\x8b", ".nii.gz"),
    (344, b"n+", ".nii"),
    (4, b"n+2", ".nii"),
)


class ScoredImages(NamedTuple):
    """Scores of N images.

    Attributes:
        ids: What was scored: ``"0"``, ``"1"``, ... in the order of the images; of a file of several
            images with the number of the slice or frame, as ``"0#012"``.
        score: float32 (N,), higher is more abnormal.
        quantile: float64 (N,), the share of normal images that score no higher.
        flagged: bool (N,), whether the score reaches the threshold.
        threshold: The score from which on an image is flagged.
        map: float32 (N, size, size) at the size that the model sees; None where it has no map.
    """

    ids: list[str]
    score: np.ndarray
    quantile: np.ndarray
    flagged: np.ndarray
    threshold: float
    map: np.ndarray | None


class LoadedModel:
    """A fitted model and its detector; made by ``mia_bench.load_model``.

    Several threads may use it; they score in turn.

    Attributes:
        model: The facts of its folder.
        device: Where it scores.
    """

    def __init__(self, model: Model, detector: Detector, device: str) -> None:
        self.model = model
        self.device = device
        self._detector = detector
        self._lock = threading.Lock()

    def score(self, images: Image | Sequence[Image], *, fpr: float = FPR) -> ScoredImages:
        """Score images, read and resized as those that the model was trained on.

        Args:
            images: One image or several: arrays (H, W) or (H, W, 3) as
                ``mia_data.image_from_array`` takes them, paths of files, or the bytes of files.
            fpr: Share of normal images that may be flagged.

        Raises:
            StudyError: No image, or an fpr that the model has too few normal images for.
            DataError: An image that cannot be read.
            RunsFailedError: The device ran out of memory.
        """
        threshold = self.model.normal_scores.threshold(fpr)
        is_one = isinstance(images, (np.ndarray, bytes, str, os.PathLike))
        several: list[Image] = [images] if is_one else list(images)  # type: ignore[list-item,arg-type]
        if not several:
            msg = "expected one image or more, got none"
            raise StudyError(msg)
        ids: list[str] = []
        ready: list[np.ndarray] = []
        for number, image in enumerate(several):
            for name, pixels in self._read(image):
                ids.append(f"{number}{name}")
                ready.append(pixels)
        score, heat = self._predict(np.stack(ready))
        quantile = self.model.normal_scores.quantile(score)
        return ScoredImages(ids, score, quantile, score >= threshold, threshold, heat)

    def _read(self, image: Image) -> Iterator[tuple[str, np.ndarray]]:
        """Yield each image of an array, a file or its bytes, and the end of its id."""
        how = asdict(self.model.preprocessing)
        if isinstance(image, np.ndarray):
            yield "", mia_data.image_from_array(image, **how)
            return
        with _as_file(image) as path:
            for found in mia_data.decode_files(path.parent, [path.name], **how):
                yield found.id.removeprefix(found.file), found.image

    def _predict(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        scores, maps = [], []
        for start in range(0, len(images), BATCH):
            with self._lock:
                score, heat = predict_checked(
                    self._detector, images[start : start + BATCH], device=self.device
                )
            scores.append(score)
            maps += [] if heat is None else [heat]
        return np.concatenate(scores), np.concatenate(maps) if maps else None


def load_model(model: str | os.PathLike[str], *, device: str = "auto") -> LoadedModel:
    """Load a model that ``fit`` wrote, to score images as they come.

    Args:
        model: The model's folder.
        device: ``"auto"``, ``"cpu"``, ``"cuda"``, ``"cuda:1"`` or ``"mps"``.

    Raises:
        StudyError: The folder or a file of it is missing or damaged.
        RunsFailedError: The device ran out of memory.

    Examples:
        >>> model = mia_bench.load_model("brain-mri")  # doctest: +SKIP
        >>> model.score("new/scan.png").flagged  # doctest: +SKIP
        array([False])
    """
    found = read_model(expand_home(model))
    device = resolve_device(device)
    return LoadedModel(found, found.detector(device), device)


@contextmanager
def _as_file(image: bytes | str | os.PathLike[str]) -> Iterator[Path]:
    """Yield the path of a file, which is written first where its bytes are given."""
    if not isinstance(image, bytes):
        yield expand_home(image)
        return
    with TemporaryDirectory() as folder:
        path = Path(folder, f"image{_suffix(image)}")
        path.write_bytes(image)
        yield path


def _suffix(content: bytes) -> str:
    for start, mark, suffix in _SUFFIXES:
        if content[start : start + len(mark)] == mark:
            return suffix
    known = ", ".join(sorted({suffix for _, _, suffix in _SUFFIXES}))
    msg = f"expected the bytes of a file of a known format ({known}), got {content[:16]!r}"
    raise mia_data.DataError(msg)
