"""The phantom as a dataset: its splits, in chunks, through the cache."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np

from mia_data import cache
from mia_data.arguments import check_count, check_split
from mia_data.cache_entry import Names
from mia_data.decode.request import make_request
from mia_data.errors import DataError
from mia_data.file_list import ABNORMAL, NORMAL
from mia_data.imageset import ImageSet
from mia_data.npy_file import create_array
from mia_data.phantoms.fields import uniform
from mia_data.phantoms.head import BRAIN, draw_head
from mia_data.phantoms.lesions import KINDS, draw_lesions, paint, push

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

# Raise it whenever the same arguments would give other pixels.
VERSION = 1
_NAME = "phantom"
_PIXELS_AT_ONCE = 1 << 16
_MAX_THREADS = 8
_SCANNER = {"noise": (0.015, 0.035), "gamma": (0.85, 1.2), "gain": (0.85, 1.05)}
# Different streams of random numbers for the three groups of images.
_STREAM = {("train", NORMAL): 0, ("test", NORMAL): 1, ("test", ABNORMAL): 2}


def phantom(
    split: str,
    *,
    size: int = 64,
    channels: int = 1,
    n_train: int = 256,
    n_normal: int = 64,
    n_abnormal: int = 64,
    seed: int = 0,
    cache_dir: str | Path | None = None,
) -> ImageSet:
    """Draw one split of the phantom.

    An image depends on the seed, its split, class and number only, not on how many there are; its
    anatomy does not depend on the size. With three channels, all are the same gray.

    Args:
        split: ``"train"``: ``n_train`` normal images; ``"test"``: ``n_normal`` and ``n_abnormal``,
            with masks.
        size: Height and width of the images, at least 16.
        channels: 1 or 3.
        n_train: Normal images of the train split.
        n_normal: Normal images of the test split.
        n_abnormal: Abnormal images of the test split.
        seed: Random seed.
        cache_dir: As in ``load``.

    Raises:
        DataError: An argument is out of its range.
    """
    check_split(split)
    request = make_request(size, channels)
    size, channels = request.size, request.channels
    if size < 16:
        msg = f"expected size to be at least 16 for the phantom, got {size}"
        raise DataError(msg)
    given = {"n_train": n_train, "n_normal": n_normal, "n_abnormal": n_abnormal, "seed": seed}
    counts = {
        name: check_count(name, count, least=0 if name == "seed" else 1)
        for name, count in given.items()
    }
    groups = (
        [(NORMAL, counts["n_train"])]
        if split == "train"
        else [(NORMAL, counts["n_normal"]), (ABNORMAL, counts["n_abnormal"])]
    )

    def build(folder: Path) -> Names:
        return Names(_draw_split(folder, split, groups, size, channels, counts["seed"]))

    asked = {"name": _NAME, "split": split, "size": size, "channels": channels, **counts}
    entry = cache.get_or_build(cache.cache_root(cache_dir), asked, f"v{VERSION}", build)
    ids = tuple(entry.names.ids)
    return ImageSet(_NAME, split, entry.images, entry.labels, entry.masks, ids)


def _draw_split(
    folder: Path, split: str, groups: list[tuple[int, int]], size: int, channels: int, seed: int
) -> list[str]:
    total = sum(count for _, count in groups)
    images = create_array(folder / "images.npy", (total, channels, size, size))
    masks = create_array(folder / "masks.npy", (total, size, size)) if split == "test" else None
    at_once = max(1, _PIXELS_AT_ONCE // (size * size))
    offset = 0
    tasks = []
    for label, count in groups:
        for first in range(0, count, at_once):
            numbers = range(first, min(first + at_once, count))
            tasks.append((offset, label, numbers))
        offset += count

    def work(task: tuple[int, int, range]) -> None:
        start, label, numbers = task
        rngs = [np.random.default_rng([seed, _STREAM[split, label], i]) for i in numbers]
        drawn, drawn_masks = draw(rngs, size, numbers if label == ABNORMAL else None)
        place = slice(start + numbers.start, start + numbers.stop)
        images[place] = drawn[:, None]
        if masks is not None and drawn_masks is not None:
            masks[place] = drawn_masks

    with ThreadPoolExecutor(min(os.cpu_count() or 1, _MAX_THREADS)) as pool:
        list(pool.map(work, tasks))
    labels = np.repeat([label for label, _ in groups], [count for _, count in groups])
    np.save(folder / "labels.npy", labels.astype(np.int64), allow_pickle=False)
    words = {NORMAL: "normal", ABNORMAL: "abnormal"}
    return [f"{words[label]}-{i:04d}" for label, count in groups for i in range(count)]


def draw(
    rngs: list[np.random.Generator], size: int, numbers: range | None
) -> tuple[NDArray[np.uint8], NDArray[np.bool_] | None]:
    """Draw one image (size, size) per generator.

    ``numbers`` is None for normal images. For abnormal ones it selects the kinds of lesions, and
    masks are returned too.
    """
    axis = (np.arange(size, dtype=np.float32) + 0.5) * np.float32(2 / size) - 1
    shape = (len(rngs), size, size)
    x, y = np.broadcast_to(axis, shape), np.broadcast_to(axis[:, None], shape)
    edge = 3 / size
    masks = None
    if numbers is None:
        image = draw_head(rngs, x, y, edge).image
    else:
        kinds = np.array(numbers, dtype=np.intp) % len(KINDS)
        lesions = draw_lesions(rngs, kinds, smallest=2 / size)
        head = draw_head(rngs, *push(lesions, x, y), edge)
        image, masks = paint(lesions, head.image, x, y, head.brain < BRAIN, edge)
    scanner = uniform(rngs, _SCANNER)
    image = scanner["gain"] * np.clip(image, 0, None) ** scanner["gamma"]
    noise = np.stack([rng.standard_normal((2, size, size), np.float32) for rng in rngs])
    # The magnitude of a complex signal, as MRI gives it: no negative values in the background.
    image = np.hypot(image + scanner["noise"] * noise[:, 0], scanner["noise"] * noise[:, 1])
    return (np.clip(image, 0, 1) * 255).round().astype(np.uint8), masks
