"""Division of normal images into those to train on and those that thresholds come from."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import mia_metrics
import numpy as np

from mia_bench.errors import StudyError

if TYPE_CHECKING:
    from collections.abc import Sequence

SHARE = 0.2  # of the normal images that are held out
SEED = 0  # of every split, whatever the seed of the training
HELD_OUT, CROSS_VALIDATED = "held out", "cross-validated"


class TooFewImagesError(StudyError):
    """Too few normal images to hold enough of them out."""


@dataclass(frozen=True, kw_only=True)
class NormalSplit:
    """A division of normal images into parts that hold whole groups.

    Attributes:
        rule: ``"held out"``: part 1 is not trained on, and gives the thresholds.
            ``"cross-validated"``: each part is scored by a model that was trained on the others,
            and the final model is trained on all.
        parts: int16 (N,), the part of each image.
        groups: Number of groups.
        share: The share that was to be held out.
        ids_sha256: Hash of the N ids, in the order of ``parts``.
    """

    rule: str
    parts: np.ndarray
    groups: int
    share: float
    ids_sha256: str

    @property
    def trained(self) -> np.ndarray:
        """Indices of the images that the final model is trained on."""
        keep = self.parts == 0 if self.rule == HELD_OUT else np.ones(len(self.parts), bool)
        return np.flatnonzero(keep)

    @property
    def held_out(self) -> np.ndarray:
        """Indices of the images that the final model is not trained on."""
        return np.flatnonzero(self.parts == 1 if self.rule == HELD_OUT else self.parts < 0)

    def facts(self) -> dict[str, Any]:
        """Return the facts that the split was drawn from as JSON values."""
        return {
            "rule": self.rule,
            "images": len(self.parts),
            "parts": int(self.parts.max()) + 1,
            "groups": self.groups,
            "share": self.share,
            "seed": SEED,
            "ids_sha256": self.ids_sha256,
        }


def hash_names(ids: Sequence[str]) -> str:
    """Return the SHA-256 of names, one a line."""
    return hashlib.sha256("\n".join(ids).encode("utf-8", "surrogateescape")).hexdigest()


def hold_out(
    ids: Sequence[str], groups: np.ndarray, *, share: float = SHARE, fpr: float
) -> NormalSplit:
    """Draw the groups that are held out: a share of the images, and enough for a rate.

    Groups are taken in a random order until they hold a ``share`` of the images and at least
    ``ceil(1 / fpr - 1)``.

    Args:
        ids: N names.
        groups: int (N,), the group of each image, see ``group_images``.
        share: The share of the images.
        fpr: The false-positive rate that thresholds shall be had for.

    Raises:
        TooFewImagesError: That would leave fewer than half of the images to train on.
    """
    count = len(groups)
    wanted = max(int(np.ceil(share * count - 1e-9)), mia_metrics.least_calibration(fpr))
    sizes = np.bincount(groups)
    order = np.random.default_rng(SEED).permutation(len(sizes))
    taken = order[: int(np.searchsorted(np.cumsum(sizes[order]), wanted)) + 1]
    parts = np.isin(groups, taken).astype(np.int16)
    if 2 * parts.sum() > count:
        msg = (
            f"the {count} normal images are too few to hold {wanted} out for thresholds at a "
            f"false-positive rate of {fpr:g}{_in_groups(sizes)}: give more images, a larger --fpr, "
            "a folder with --calibration, or --no-holdout"
        )
        raise TooFewImagesError(msg)
    return NormalSplit(
        rule=HELD_OUT, parts=parts, groups=len(sizes), share=share, ids_sha256=hash_names(ids)
    )


def make_folds(
    ids: Sequence[str], groups: np.ndarray, *, share: float = SHARE, fpr: float
) -> NormalSplit:
    """Draw parts of about a ``share`` of the images each, to be held out in turn.

    Groups go in a random order, each into the part that is smallest so far.

    Args:
        ids: N names.
        groups: int (N,), the group of each image, see ``group_images``.
        share: The share of the images in each part.
        fpr: The false-positive rate that thresholds shall be had for.

    Raises:
        TooFewImagesError: Fewer than ``ceil(1 / fpr - 1)`` images, or fewer than two groups.
    """
    count, least = len(groups), mia_metrics.least_calibration(fpr)
    sizes = np.bincount(groups)
    if count < least or len(sizes) < 2:
        msg = (
            f"the {count} normal images are too few for thresholds at a false-positive rate of "
            f"{fpr:g}{_in_groups(sizes)}: expected at least {least} in 2 or more groups; give more "
            "images, a larger --fpr, a folder with --calibration, or --no-holdout"
        )
        raise TooFewImagesError(msg)
    number = min(max(2, round(1 / share)), len(sizes))
    filled = np.zeros(number, np.int64)
    part_of_group = np.empty(len(sizes), np.int16)
    for group in np.random.default_rng(SEED).permutation(len(sizes)):
        part_of_group[group] = filled.argmin()
        filled[filled.argmin()] += sizes[group]
    return NormalSplit(
        rule=CROSS_VALIDATED,
        parts=part_of_group[groups],
        groups=len(sizes),
        share=share,
        ids_sha256=hash_names(ids),
    )


def _in_groups(sizes: np.ndarray) -> str:
    """Say in what groups the images are, if any is of more than one image."""
    if sizes.max() == 1:
        return ""
    return (
        f" (they are {len(sizes)} groups of a patient or near-duplicates, the largest of "
        f"{sizes.max()} images)"
    )
