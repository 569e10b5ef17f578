"""Scores of a run's training images by models that were not trained on them.

The training images are divided into parts that hold whole patients, volumes and near-duplicates
together; each part is scored by a model that was trained on the others, with the run's own
settings. A score means the same for every method then, however well a method learns its training
images by heart.

Paper: Vovk, Annals of Mathematics and Artificial Intelligence 74, 2015,
https://doi.org/10.1007/s10472-013-9368-4 (cross-conformal prediction)
"""

from __future__ import annotations

import io
import zlib
from typing import TYPE_CHECKING, NamedTuple
from zipfile import BadZipFile

import numpy as np

from mia_bench.files import write_arrays
from mia_bench.inference.image_groups import group_images
from mia_bench.inference.normal_images import take_images
from mia_bench.inference.normal_scores import predict_checked
from mia_bench.inference.normal_split import make_folds
from mia_bench.run_folder.bounded_file import read_bounded
from mia_bench.study.images import load_split

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mia_bench.ensembles.members import Member

FOLDS = 5
PIXELS = 1 << 20  # of the maps that are kept, evenly spread over all in order of size
CHUNK = 256  # images scored at a time
MAX_BYTES = 256 << 20
ANY_RATE = 0.5  # no threshold is wanted: two images are enough
FILE = "held_out.npz"


class HeldOutNormals(NamedTuple):
    """Scores of training images by models that were not trained on them.

    Attributes:
        scores: float32 (N,), in the order of the training images.
        pixels: Values of the maps' pixels, float32 (M,), rising; of size 0 where there is no map.
    """

    scores: np.ndarray
    pixels: np.ndarray


def held_out_normals(
    member: Member, device: str, *, on_fold: Callable[[int, int], object] | None = None
) -> HeldOutNormals:
    """Return the scores of a run's training images, from its folder if they are there already.

    A run that chose its epoch without labels is trained for as many epochs as were chosen.

    Args:
        member: The run.
        device: Where models are trained and score; not ``"auto"``.
        on_fold: Called with the number of parts that are done, and of all.

    Raises:
        DataError: The dataset is missing.
        StudyError: Fewer than two training images, patients or groups of near-duplicates.
        RunsFailedError: A model gives scores that are not finite, or the device ran out of memory.
    """
    path = member.folder.path / FILE
    known = _read(path, member.scores_sha256)
    if known is not None:
        return known
    found = _cross_validate(member, device, on_fold)
    key = np.frombuffer(bytes.fromhex(member.scores_sha256), np.uint8)
    write_arrays(path, scores=found.scores, pixels=found.pixels, key=key)
    return found


def _cross_validate(
    member: Member, device: str, on_fold: Callable[[int, int], object] | None
) -> HeldOutNormals:
    train = load_split(member.plan, "train")
    images = train.images
    groups = group_images(images, train.patients, train.volumes)
    parts = make_folds(train.ids, groups, share=1 / FOLDS, fpr=ANY_RATE).parts
    scores = np.empty(len(images), np.float32)
    pixels: list[np.ndarray] = []
    every = -(-len(images) * images.shape[2] * images.shape[3] // PIXELS)
    count = int(parts.max()) + 1
    for part in range(count):
        detector = member.plan.build()
        others = take_images(images, np.flatnonzero(parts != part))
        detector.fit(others, epochs=member.epochs, seed=member.plan.seed, device=device)
        left_out = np.flatnonzero(parts == part)
        for start in range(0, len(left_out), CHUNK):
            chosen = left_out[start : start + CHUNK]
            scores[chosen], maps = predict_checked(
                detector, np.asarray(images[chosen]), device=device
            )
            if maps is not None:
                pixels.append(np.sort(maps, axis=None)[::every])
        if on_fold is not None:
            on_fold(part + 1, count)
    together = np.sort(np.concatenate(pixels)) if pixels else np.empty(0, np.float32)
    return HeldOutNormals(scores, together)


def _read(path: Path, scores_sha256: str) -> HeldOutNormals | None:
    """Return what an earlier fusion left for this run; None if it is another's or damaged."""
    if not path.is_file():
        return None
    try:
        with np.load(io.BytesIO(read_bounded(path, MAX_BYTES)), allow_pickle=False) as file:
            key, scores, pixels = (file[name] for name in ("key", "scores", "pixels"))
    except (OSError, ValueError, KeyError, EOFError, BadZipFile, zlib.error):
        return None  # it is computed again
    sound = all(
        each.dtype == np.float32 and each.ndim == 1 and np.isfinite(each).all()
        for each in (scores, pixels)
    )
    if not sound or key.tobytes().hex() != scores_sha256:
        return None
    return HeldOutNormals(scores, pixels)
