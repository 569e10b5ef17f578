"""Detectors that were trained several times: what other images and other trainings make of them."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from mia_metrics.uncertainty.moderated_variance import moderate
from mia_metrics.uncertainty.resample import Values, bootstrap_values, strata, whole
from mia_metrics.uncertainty.resampled_metric import Metric, evaluators, mean_of
from mia_metrics.validate import Bools, Floats

EFFECTS = ("random", "fixed")
ROUNDING = 1e-9  # trainings that differ by no more are equal


class Spread(NamedTuple):
    """How far detectors' means over their trainings may lie from those of all possible ones.

    Attributes:
        variances: of the means, (D,); 0 where nothing varies or one training cannot tell.
        degrees: of freedom of each, (D,).
        most: degrees of freedom of all detectors together, which no difference can have more of.
    """

    variances: Values
    degrees: Values
    most: int

    def of_difference(self, a: int, b: int) -> tuple[float, float]:
        """Variance of a difference of two means and its degrees of freedom, by Welch."""
        variances, degrees = self.variances[[a, b]], self.degrees[[a, b]]
        variance, varied = float(variances.sum()), variances > 0.0
        if not varied.any():
            return 0.0, 0.0
        shares = variances[varied] / variance
        return variance, min(1.0 / float((shares**2 / degrees[varied]).sum()), float(self.most))


class Resampled(NamedTuple):
    """D detectors, judged by the mean over their trainings.

    Attributes:
        each: the metric of each training, (S,), for every detector.
        by_images: the means in every resample of the images, (D, B).
        spread: of the means over other trainings.
        levels: B evenly spaced levels in (0, 1), in random order.
    """

    each: list[Values]
    by_images: Values
    spread: Spread
    levels: Values

    @property
    def estimates(self) -> Values:
        """The means, (D,)."""
        return np.array([own.mean() for own in self.each])

    def values(self) -> Values:
        """The means for other images and trainings, (D, B)."""
        moved = zip(self.by_images, self.spread.variances, self.spread.degrees, strict=True)
        return np.stack([row + self._shifts(variance, freedom) for row, variance, freedom in moved])

    def differences(self, other: int) -> Values:
        """Each detector - one of them for other images and trainings, (D, B).

        Those of a - b mirror those of b - a, and the same trainings do not differ.
        """
        found = self.by_images - self.by_images[other]
        offsets = self.estimates - self.estimates[other]
        for number, row in enumerate(found):
            if not _same(self.each[number], self.each[other]):
                shifts = self._shifts(*self.spread.of_difference(number, other))
                row += -shifts if offsets[number] < 0.0 else shifts
        return found

    def _shifts(self, variance: float, degrees: float) -> Values:
        """Quantiles of Student's t, times a standard error."""
        from scipy.special import stdtrit

        if variance == 0.0:
            return np.zeros(self.levels.size)
        return stdtrit(degrees, self.levels) * np.sqrt(variance)


def resample_detectors(
    metric: Metric,
    truth: Bools,
    scores: Sequence[Floats],
    *,
    trainings: str,
    n_resamples: int,
    seed: int,
) -> Resampled:
    """Judge detectors by the mean over their trainings, all on the same resamples of the images.

    With `trainings="random"` a resampled value is moved, too, by how far the mean of S trainings
    may lie from that of all possible ones: Student's t of S - 1 degrees of freedom times their
    standard error. Trainings of two detectors are not paired, so their difference is moved by
    Welch's t of both. One training has no spread to tell that by. Three and more detectors lend
    each other degrees of freedom (`moderate`).
    """
    parts = strata(truth)
    each = [evaluators(metric, parts, truth, values) for values in scores]
    found = [np.array([whole(parts, evaluator) for evaluator in own]) for own in each]
    means = [mean_of(own) for own in each]
    values = bootstrap_values(parts, means, n_resamples=n_resamples, seed=seed)
    return joined(found, values, trainings=trainings, seed=seed)


def joined(each: list[Values], by_images: Values, *, trainings: str, seed: int) -> Resampled:
    """Add to what resamples of the images made of the means what other trainings would make."""
    count = by_images.shape[1]
    stream = np.random.default_rng(np.random.SeedSequence(seed).spawn(3)[2])  # 0, 1 draw images
    levels = (stream.permutation(count) + 0.5) / count
    return Resampled(each, by_images, _spread(each, random=trainings == "random"), levels)


def _spread(each: Sequence[Values], *, random: bool) -> Spread:
    if not random:
        return Spread(np.zeros(len(each)), np.zeros(len(each)), 0)
    counts = np.array([own.size for own in each])
    of_one = np.array([own.var(ddof=1) if np.ptp(own) > ROUNDING else 0.0 for own in each])
    variances, degrees = moderate(of_one, counts - 1)
    return Spread(variances / counts, degrees, int((counts - 1)[of_one > 0.0].sum()))


def _same(a: Values, b: Values) -> bool:
    return a.size == b.size and float(np.abs(np.sort(a) - np.sort(b)).max()) <= ROUNDING
