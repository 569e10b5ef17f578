"""samples.npz of a run: a few test images, the same for all methods and seeds of a dataset.

They are chosen by the dataset's name and the images' identifiers alone, so that no method's scores
have a say in which images stand for it beside the others.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from mia_bench.errors import StudyError
from mia_bench.files import write_arrays
from mia_bench.run_folder.npz_file import read_arrays

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from mia_data import ImageSet

PER_LABEL = 6  # images of each kind, normal and abnormal
MAX_SIDE = 256  # pixels; what is larger is shrunk
MAX_BYTES = 64 << 20  # 12 RGB images of 256 pixels with all that belongs to them are 13 MB
NOTHING = np.zeros(0, np.float32)


@dataclass(frozen=True, kw_only=True)
class Samples:
    """Test images of a run with their masks, reconstructions and maps: abnormal ones first.

    Attributes:
        ids: Identifiers of the K images.
        labels: 0 normal, 1 abnormal, (K,).
        images: uint8 (K, C, H, W), as the method sees them.
        masks: uint8 (K, H, W), 1 where abnormal; (0,) where the dataset has none.
        reconstructions: uint8 (K, C, H, W); (0,) where the method reconstructs no images.
        maps: float32 (K, H, W); (0,) where the method has none.
        map_range: The values that the maps of the whole test set are drawn between: the lowest and
            the 99.5 % quantile of all their pixels, (2,) or (0,).
    """

    ids: np.ndarray
    labels: np.ndarray
    images: np.ndarray
    masks: np.ndarray
    reconstructions: np.ndarray
    maps: np.ndarray
    map_range: np.ndarray

    def __len__(self) -> int:
        return len(self.ids)

    def save(self, path: Path) -> None:
        """Write as .npz."""
        write_arrays(path, **{field.name: getattr(self, field.name) for field in fields(self)})

    @classmethod
    def load(cls, path: Path) -> Samples:
        """Read what ``save`` wrote.

        Raises:
            StudyError: The file is missing or damaged, or its arrays do not belong together.
        """
        names = [field.name for field in fields(cls)]
        found = cls(**read_arrays(path, names, max_bytes=MAX_BYTES))
        try:
            found._check()
        except ValueError as error:
            msg = f"cannot read {path}: {error}"
            raise StudyError(msg) from error
        return found

    def _check(self) -> None:
        if self.images.ndim != 4 or self.images.shape[1] not in (1, 3) or not self.images.size:
            msg = f"expected images (K, 1 or 3, H, W), got {self.images.shape}"
            raise ValueError(msg)
        count, channels, *size = self.images.shape
        pixels, colors = (count, *size), (count, channels, *size)
        expected = {
            "ids": (np.str_, [(count,)]),
            "labels": (np.integer, [(count,)]),
            "images": (np.uint8, [colors]),
            "masks": (np.uint8, [pixels, (0,)]),
            "reconstructions": (np.uint8, [colors, (0,)]),
            "maps": (np.float32, [pixels, (0,)]),
            "map_range": (np.float32, [(2,) if self.maps.size else (0,)]),
        }
        for name, (kind, shapes) in expected.items():
            array = getattr(self, name)
            if array.shape not in shapes or (array.size and not np.issubdtype(array.dtype, kind)):
                msg = (
                    f"expected {name} {shapes[0]} of type {kind.__name__}, "
                    f"got {array.shape} of type {array.dtype}"
                )
                raise ValueError(msg)
        if not all(np.isfinite(array).all() for array in (self.maps, self.map_range)):
            msg = "expected finite maps, got NaN or infinite values"
            raise ValueError(msg)


def choose_samples(dataset: str, ids: Sequence[str], labels: np.ndarray) -> list[int]:
    """Return the indices of the images to keep of a test set, abnormal ones first.

    Of each kind these are the ones whose hash, of the dataset's name and their identifier, is
    lowest: a draw that is the same for all methods and seeds, whatever the order of the images.
    """
    order = sorted(range(len(ids)), key=lambda i: _hash(dataset, ids[i]))
    of_kind = ([i for i in order if labels[i] == kind] for kind in (1, 0))
    return [i for indices in of_kind for i in indices[:PER_LABEL]]


def make_samples(
    chosen: Sequence[int],
    test: ImageSet,
    maps: np.ndarray | None,
    reconstructions: np.ndarray | None,
) -> Samples:
    """Return the samples of a scored test set.

    Args:
        chosen: Indices of the images.
        test: The test set.
        maps: float32 (N, H, W) of the whole test set, or None.
        reconstructions: float32 (K, C, H, W) of the chosen images, from 0 to 1, or None.
    """
    picked = list(chosen)
    images = np.asarray(test.images[picked])
    side = min(MAX_SIDE, max(images.shape[2:]))
    kept_masks: np.ndarray = NOTHING
    if test.masks is not None:
        marked = np.asarray(test.masks[picked]) > 0
        kept_masks = (_shrunk(marked.astype(np.float32), side) > 0).astype(np.uint8)
    return Samples(
        ids=np.array([test.ids[i] for i in picked]),
        labels=np.asarray(test.labels)[picked].astype(np.int64),
        images=_gray_levels(_shrunk(images.astype(np.float32), side)),
        masks=kept_masks,
        reconstructions=NOTHING
        if reconstructions is None
        else _gray_levels(_shrunk(reconstructions, side) * 255),
        maps=NOTHING if maps is None else _shrunk(np.asarray(maps[picked], np.float32), side),
        map_range=NOTHING if maps is None else map_range(maps),
    )


def map_range(maps: np.ndarray) -> np.ndarray:
    """Return the values that maps (N, H, W) are drawn between, float32 (2,).

    Beyond the 99.5 % quantile a few pixels would leave the rest of every picture dark.
    """
    return np.quantile(maps, [0, 0.995]).astype(np.float32)


def _hash(dataset: str, name: str) -> str:
    return hashlib.sha256(f"{dataset}\0{name}".encode("utf-8", "surrogateescape")).hexdigest()


def _shrunk(planes: np.ndarray, side: int) -> np.ndarray:
    """Return float32 planes (..., H, W) whose longer side is at most ``side``, averaged."""
    height, width = planes.shape[-2:]
    longer = max(height, width)
    if longer <= side:
        return planes.astype(np.float32, copy=False)
    size = max(1, round(width * side / longer)), max(1, round(height * side / longer))
    flat = planes.reshape(-1, height, width).astype(np.float32, copy=False)
    small = [Image.fromarray(plane).resize(size, Image.Resampling.BOX) for plane in flat]
    return np.stack([np.asarray(each) for each in small]).reshape(*planes.shape[:-2], *size[::-1])


def _gray_levels(values: np.ndarray) -> np.ndarray:
    return np.rint(values).clip(0, 255).astype(np.uint8)
