"""A fitted model in memory, which scores images as they come."""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple

import mia_data
import numpy as np
from mia_data import Decoded

from mia_bench.detectors.optional import OptionalParts
from mia_bench.device import resolve_device
from mia_bench.errors import StudyError
from mia_bench.files import expand_home
from mia_bench.inference.model_folder import load_model as read_model
from mia_bench.inference.normal_scores import FPR, predict_checked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from mia_data import DataError

    from mia_bench.detectors.protocol import Detector
    from mia_bench.inference.model_folder import Model

    Image = np.ndarray | bytes | str | os.PathLike[str]

CPU_BATCH, BATCH = 16, 64  # images given to a detector at a time on a processor, and on a GPU
# A batch ends early where its originals fill so much memory.
BATCH_BYTES = 1 << 28
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
        is_one = isinstance(images, (np.ndarray, bytes, str, os.PathLike))
        several: list[Image] = [images] if is_one else list(images)  # type: ignore[list-item,arg-type]
        if not several:
            msg = "expected one image or more, got none"
            raise StudyError(msg)
        read = (
            replace(image, file=str(number))
            for number, each in enumerate(several)
            for image in self._read(each)
        )
        return _join([scored for _, scored in self.score_stream(read, fpr=fpr)])

    def score_stream(
        self, images: Iterable[Decoded], *, fpr: float = FPR, batch_size: int | None = None
    ) -> Iterator[tuple[list[Decoded], ScoredImages]]:
        """Score decoded images of any number, and yield those of each batch with their scores.

        Args:
            images: Images, as ``decode`` yields them.
            fpr: Share of normal images that may be flagged.
            batch_size: Number of images scored at a time; None for what suits the device and the
                method. A batch ends early where its originals fill a quarter of a GiB.

        Raises:
            StudyError: An fpr that the model has too few normal images for.
            RunsFailedError: The device ran out of memory.
        """
        normal = self.model.normal_scores
        threshold = normal.threshold(fpr)
        for batch in batches(images, batch_size or default_batch(self.device)):
            pixels = np.stack([image.image for image in batch])
            with self._lock:
                score, heat = predict_checked(
                    self._detector, pixels, device=self.device, batch_size=batch_size
                )
            ids = [image.id for image in batch]
            flagged = score >= np.float32(threshold)
            found = ScoredImages(ids, score, normal.quantile(score), flagged, threshold, heat)
            yield batch, found

    def decode(
        self,
        folder: Path,
        files: Sequence[str],
        *,
        allow_damaged: bool = False,
        on_error: Callable[[str, DataError], None] | None = None,
    ) -> Iterator[Decoded]:
        """Decode files as those that the model was trained on; see ``mia_data.decode_files``."""
        return mia_data.decode_files(
            folder,
            files,
            **asdict(self.model.preprocessing),
            allow_damaged=allow_damaged,
            on_error=on_error,
        )

    def reconstruction(self) -> Callable[[np.ndarray], np.ndarray] | None:
        """Return images -> their reconstructions; None where the method reconstructs none."""
        return OptionalParts(self._detector).reconstruction(self.device)

    def _read(self, image: Image) -> Iterator[Decoded]:
        """Yield each image of an array, a file or its bytes."""
        if isinstance(image, np.ndarray):
            pixels = mia_data.image_from_array(image, **asdict(self.model.preprocessing))
            box = (0, 0, *pixels.shape[:0:-1])
            yield Decoded(file="", number=None, image=pixels, original=pixels, box=box)
            return
        with _as_file(image) as path:
            yield from self.decode(path.parent, [path.name])


def default_batch(device: str) -> int:
    """Return the number of images that a detector is given at a time on a device.

    A detector may take fewer of them at a time itself.
    """
    return CPU_BATCH if device == "cpu" else BATCH


def batches(images: Iterable[Decoded], count: int) -> Iterator[list[Decoded]]:
    """Yield lists of at most ``count`` images, fewer where they are very large."""
    batch: list[Decoded] = []
    held = 0
    for image in images:
        batch.append(image)
        held += bytes_of(image)
        if len(batch) == count or held >= BATCH_BYTES:
            yield batch
            batch, held = [], 0
    if batch:
        yield batch


def bytes_of(image: Decoded) -> int:
    """Return the memory that an image takes, in bytes."""
    return image.original.nbytes + image.image.nbytes


def _join(parts: Sequence[ScoredImages]) -> ScoredImages:
    """Return the scores of several batches as one."""
    maps = [part.map for part in parts if part.map is not None]
    return ScoredImages(
        ids=[name for part in parts for name in part.ids],
        score=np.concatenate([part.score for part in parts]),
        quantile=np.concatenate([part.quantile for part in parts]),
        flagged=np.concatenate([part.flagged for part in parts]),
        threshold=parts[0].threshold,
        map=np.concatenate(maps) if maps else None,
    )


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
