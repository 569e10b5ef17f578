"""The few test images of a run that the page shows, chosen by score and kept beside the run."""

from __future__ import annotations

import io
import zlib
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING
from zipfile import BadZipFile

import numpy as np

from mia_bench.errors import StudyError
from mia_bench.files import write_arrays
from mia_bench.run_folder.bounded_file import read_bounded

if TYPE_CHECKING:
    from pathlib import Path

IMAGES_PER_KIND = 4
MAX_BYTES = 256 << 20
KINDS = ("hit", "miss", "false alarm", "quiet")


@dataclass(frozen=True, kw_only=True)
class Gallery:
    """Images of each kind, the most certain first.

    Attributes:
        kinds: One of ``KINDS`` for each image.
        ids: Identifiers of the images.
        labels: 0 normal, 1 abnormal.
        scores: float32 (K,).
        images: uint8 (K, C, H, W).
        maps: float32 (K, H, W), or (0,) where the method has none.
        masks: uint8 (K, H, W), or (0,) where the dataset has none.
        map_range: The values that the whole test set's maps are drawn between, (2,) or (0,).
    """

    kinds: np.ndarray
    ids: np.ndarray
    labels: np.ndarray
    scores: np.ndarray
    images: np.ndarray
    maps: np.ndarray
    masks: np.ndarray
    map_range: np.ndarray

    def save(self, path: Path) -> None:
        """Write as .npz."""
        write_arrays(path, **{field.name: getattr(self, field.name) for field in fields(self)})

    @classmethod
    def load(cls, path: Path) -> Gallery:
        """Read what ``save`` wrote.

        Raises:
            StudyError: The file is missing or damaged.
        """
        content = read_bounded(path, MAX_BYTES)
        try:
            with np.load(io.BytesIO(content), allow_pickle=False) as file:
                return cls(**{field.name: file[field.name] for field in fields(cls)})
        except (OSError, ValueError, KeyError, EOFError, BadZipFile, zlib.error) as error:
            msg = f"cannot read {path}: {error}"
            raise StudyError(msg) from error


def choose_images(labels: np.ndarray, scores: np.ndarray) -> list[tuple[str, int]]:
    """Return kind and index of the images to show.

    Hits are the abnormal images with the highest scores, misses those with the lowest; false
    alarms are the normal images with the highest, quiet ones those with the lowest.
    """
    order = np.argsort(scores, kind="stable")
    abnormal, normal = order[labels[order] == 1], order[labels[order] == 0]
    # A small set is split, so that no image is shown as two things.
    ends = (
        min(IMAGES_PER_KIND, len(abnormal) // 2 or 1),
        min(IMAGES_PER_KIND, len(normal) // 2 or 1),
    )
    rows = (
        abnormal[::-1][: ends[0]],
        abnormal[: ends[0]],
        normal[::-1][: ends[1]],
        normal[: ends[1]],
    )
    return [(kind, int(i)) for kind, row in zip(KINDS, rows, strict=True) for i in row]


def make_gallery(
    ids: list[str],
    labels: np.ndarray,
    scores: np.ndarray,
    images: np.ndarray,
    maps: np.ndarray | None,
    masks: np.ndarray | None,
) -> Gallery:
    """Return the gallery of a scored test set."""
    kinds, index = zip(*choose_images(labels, scores), strict=True)
    picked = list(index)
    nothing = np.zeros(0, np.float32)
    return Gallery(
        kinds=np.array(kinds),
        ids=np.array([ids[i] for i in picked]),
        labels=labels[picked],
        scores=scores[picked],
        images=np.asarray(images[picked]),
        maps=nothing if maps is None else maps[picked],
        masks=nothing if masks is None else np.asarray(masks[picked]),
        # Beyond the 99.5 % quantile a few pixels would leave the rest of every picture dark.
        map_range=nothing if maps is None else np.quantile(maps, [0, 0.995]).astype(np.float32),
    )
