"""Resampling of images: stratified bootstrap draws, and each image left out in turn.

Normal and abnormal images are drawn separately, so every resample has as many of each as the set.
The metric of a resample is computed by an evaluator (`resampled_metric.py`).
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mia_metrics.validate import Bools

Indices = NDArray[np.intp]
Values = NDArray[np.float64]

_CHUNK = 2**20  # draws in memory at once: 8 MB per array


class Strata(NamedTuple):
    """Indices of the normal and of the abnormal images."""

    normal: Indices
    abnormal: Indices


class Counts(NamedTuple):
    """How often each image is drawn in each of B resamples, whole numbers.

    Attributes:
        normal: (N0, B).
        abnormal: (N1, B).
    """

    normal: NDArray[np.int64]
    abnormal: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Resamples:
    """Images drawn in B resamples, as positions in the two strata.

    Attributes:
        parts: The strata of N0 normal and N1 abnormal images.
        normal: (B, n0) positions among the normal images.
        abnormal: (B, n1) positions among the abnormal images.
    """

    parts: Strata
    normal: Indices
    abnormal: Indices

    @cached_property
    def counts(self) -> Counts:
        """Count the draws of each image, once for all metrics of these resamples."""
        return Counts(
            tally(self.normal, self.parts.normal.size),
            tally(self.abnormal, self.parts.abnormal.size),
        )

    @property
    def images(self) -> Indices:
        """Indices of the drawn images, (B, n0 + n1)."""
        drawn = self.parts.normal[self.normal], self.parts.abnormal[self.abnormal]
        return np.concatenate(drawn, axis=1)


Evaluator = Callable[[Resamples], Values]
"""Function from B resamples to the metric of each, (B,)."""


def strata(truth: Bools) -> Strata:
    """Split images by their label (N,), or by whether their mask (N, H, W) has a lesion."""
    abnormal = truth.reshape(len(truth), -1).any(axis=1)
    return Strata(np.flatnonzero(~abnormal), np.flatnonzero(abnormal))


def whole(parts: Strata, evaluator: Evaluator) -> float:
    """Return the metric of the images as they are, without resampling."""
    return float(evaluator(everyone(parts))[0])


def everyone(parts: Strata) -> Resamples:
    """Return one resample that has each image once."""
    return Resamples(parts, *(np.arange(part.size)[None] for part in parts))


def bootstrap_values(
    parts: Strata, evaluators: Sequence[Evaluator], *, n_resamples: int, seed: int
) -> Values:
    """Compute every evaluator's metric in every resample.

    All evaluators get the same resamples, which depend only on the seed and the sizes of the
    strata.

    Returns:
        (evaluators, n_resamples) metrics.
    """
    values = np.empty((len(evaluators), n_resamples))
    start = 0
    for drawn in draws(parts, n_resamples, seed):
        stop = start + len(drawn.normal)
        for out, evaluator in zip(values, evaluators, strict=True):
            out[start:stop] = evaluator(drawn)
        start = stop
    return values


def leave_one_out(parts: Strata, evaluator: Evaluator) -> tuple[Values, Values]:
    """Compute the metric with each image left out in turn.

    Returns:
        The metric without each normal image, (N0,), and without each abnormal image, (N1,).

    Raises:
        ValueError: a stratum of a single image, of which nothing would be left.
    """
    if 1 in map(len, parts):
        counts = f"{parts.normal.size} and {parts.abnormal.size}"
        msg = f"expected at least 2 normal and 2 abnormal images to leave one out, got {counts}"
        raise ValueError(msg)
    positions = [np.arange(part.size) for part in parts]
    rows = max(1, _CHUNK // sum(map(len, parts)))
    found = [np.empty(part.size) for part in parts]
    for stratum, images in enumerate(positions):
        for start in range(0, images.size, rows):
            left_out = images[start : start + rows, None]
            kept = images[None, :-1] + (images[None, :-1] >= left_out)  # skips the one left out
            drawn = [np.broadcast_to(other, (len(kept), other.size)) for other in positions]
            drawn[stratum] = kept
            found[stratum][start : start + rows] = evaluator(Resamples(parts, *drawn))
    return found[0], found[1]


def tally(positions: Indices, size: int) -> NDArray[np.int64]:
    """Count how often each position, 0 to size - 1, occurs in each row of (B, n); (size, B)."""
    rows = len(positions)
    flat = positions * rows + np.arange(rows)[:, None]
    return np.bincount(flat.ravel(), minlength=size * rows).reshape(size, rows)


def draws(parts: Strata, n_resamples: int, seed: int) -> Iterator[Resamples]:
    """Draw images of both strata with replacement.

    Yields:
        The resamples in chunks.
    """
    generators = [np.random.default_rng(child) for child in np.random.SeedSequence(seed).spawn(2)]
    rows = max(1, _CHUNK // sum(map(len, parts)))
    for start in range(0, n_resamples, rows):
        count = min(rows, n_resamples - start)
        normal, abnormal = (
            # high >= 1: an empty stratum draws nothing, but integers() refuses an empty range
            generator.integers(0, max(part.size, 1), size=(count, part.size))
            for generator, part in zip(generators, parts, strict=True)
        )
        yield Resamples(parts, normal, abnormal)
