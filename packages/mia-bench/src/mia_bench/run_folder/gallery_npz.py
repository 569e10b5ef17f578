"""The few test images of a run that the page shows, chosen by score and kept beside the run."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING

import numpy as np

from mia_bench.files import write_arrays
from mia_bench.run_folder.npz_file import read_arrays
from mia_bench.run_folder.samples_npz import NOTHING, map_range

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from mia_data import ImageSet

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
        reconstructions: uint8 (K, C, H, W), or (0,) where the method reconstructs no images, or
            the run is of a version that did not keep them.
    """

    kinds: np.ndarray
    ids: np.ndarray
    labels: np.ndarray
    scores: np.ndarray
    images: np.ndarray
    maps: np.ndarray
    masks: np.ndarray
    map_range: np.ndarray
    reconstructions: np.ndarray = field(default_factory=lambda: NOTHING)

    def save(self, path: Path) -> None:
        """Write as .npz."""
        write_arrays(path, **{each.name: getattr(self, each.name) for each in fields(self)})

    @classmethod
    def load(cls, path: Path) -> Gallery:
        """Read what ``save`` wrote.

        Raises:
            StudyError: The file is missing or damaged.
        """
        *names, last = [each.name for each in fields(cls)]
        return cls(**read_arrays(path, names, max_bytes=MAX_BYTES, optional=[last]))


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
    chosen: Sequence[tuple[str, int]],
    test: ImageSet,
    scores: np.ndarray,
    maps: np.ndarray | None,
    reconstructions: np.ndarray | None,
) -> Gallery:
    """Return the gallery of a scored test set.

    Args:
        chosen: Kind and index of each image, as from ``choose_images``.
        test: The test set of N images.
        scores: float32 (N,).
        maps: float32 (N, H, W), or None.
        reconstructions: float32 (K, C, H, W) of the chosen images, from 0 to 1, or None.
    """
    kinds, index = zip(*chosen, strict=True)
    picked = list(index)
    return Gallery(
        kinds=np.array(kinds),
        ids=np.array([test.ids[i] for i in picked]),
        labels=np.asarray(test.labels)[picked],
        scores=scores[picked],
        images=np.asarray(test.images[picked]),
        maps=NOTHING if maps is None else maps[picked],
        masks=NOTHING if test.masks is None else np.asarray(test.masks[picked]),
        map_range=NOTHING if maps is None else map_range(maps),
        reconstructions=NOTHING
        if reconstructions is None
        else np.rint(reconstructions * 255).clip(0, 255).astype(np.uint8),
    )
