"""Metrics of detectors with several training runs, for other test images and other runs."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from mia_metrics.uncertainty.moderated_variance import moderate
from mia_metrics.uncertainty.resample import Values, bootstrap_values, strata, whole
from mia_metrics.uncertainty.resampled_metric import Metric, evaluators, mean_of
from mia_metrics.validate import Bools, Floats

EFFECTS = ("random", "fixed")
"""Ways to treat several training runs: as a sample of all possible runs, or as the only ones."""

ROUNDING = 1e-9  # metrics of training runs that differ by no more are equal


class Spread(NamedTuple):
    """Variance over training runs of D detectors' mean metrics.

    Attributes:
        variances: (D,) variances of the means; 0 if nothing varies or there is a single run.
        degrees: (D,) degrees of freedom of each.
        most: degrees of freedom of all detectors together, the upper limit for a difference.
    """

    variances: Values
    degrees: Values
    most: int

    def of_difference(self, a: int, b: int) -> tuple[float, float]:
        """Return the variance of a difference of two means and Welch's degrees of freedom."""
        variances, degrees = self.variances[[a, b]], self.degrees[[a, b]]
        variance, varied = float(variances.sum()), variances > 0.0
        if not varied.any():
            return 0.0, 0.0
        shares = variances[varied] / variance
        return variance, min(1.0 / float((shares**2 / degrees[varied]).sum()), float(self.most))


class Resampled(NamedTuple):
    """Mean metrics of D detectors over their training runs, in B resamples of the images.

    Attributes:
        each: for every detector the metric of each training run, (S,).
        by_images: (D, B) the means in every resample of the images.
        spread: variance of the means over training runs.
        levels: (B,) evenly spaced levels in (0, 1), in random order.
    """

    each: list[Values]
    by_images: Values
    spread: Spread
    levels: Values

    @property
    def estimates(self) -> Values:
        """Mean metrics of the images as they are, (D,)."""
        return np.array([own.mean() for own in self.each])

    def values(self) -> Values:
        """Return the means for other images and other training runs, (D, B)."""
        moved = zip(self.by_images, self.spread.variances, self.spread.degrees, strict=True)
        return np.stack([row + self._shifts(variance, freedom) for row, variance, freedom in moved])

    def differences(self, other: int) -> Values:
        """Return each detector's difference to one of them, for other images and runs, (D, B).

        The values of a - b mirror those of b - a, and identical training runs do not differ.

        Args:
            other: position of the detector that is subtracted.
        """
        found = self.by_images - self.by_images[other]
        offsets = self.estimates - self.estimates[other]
        for number, row in enumerate(found):
            if not _same(self.each[number], self.each[other]):
                shifts = self._shifts(*self.spread.of_difference(number, other))
                row += -shifts if offsets[number] < 0.0 else shifts
        return found

    def _shifts(self, variance: float, degrees: float) -> Values:
        """Return quantiles of Student's t times the standard error, (B,)."""
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
    """Compute detectors' mean metrics over their training runs on resamples of the images.

    All detectors get the same resamples. With `trainings="random"` a resampled value is also
    shifted, by a value of Student's t with S - 1 degrees of freedom times the standard error of the
    mean over S runs. The runs of two detectors are not paired, so their difference is shifted by
    Welch's t of both. A single run has no variance and is not shifted. Three or more detectors
    share their degrees of freedom (`moderate`).
    """
    parts = strata(truth)
    each = [evaluators(metric, parts, truth, values) for values in scores]
    found = [np.array([whole(parts, evaluator) for evaluator in own]) for own in each]
    means = [mean_of(own) for own in each]
    values = bootstrap_values(parts, means, n_resamples=n_resamples, seed=seed)
    return add_seed_variance(found, values, trainings=trainings, seed=seed)


def add_seed_variance(
    each: list[Values], by_images: Values, *, trainings: str, seed: int
) -> Resampled:
    """Add the variance over training runs to means that were resampled over images.

    Args:
        each: for every detector the metric of each training run, (S,).
        by_images: (D, B) the means in every resample of the images.
        trainings: `random` or `fixed`.
        seed: that of the resamples.
    """
    count = by_images.shape[1]
    stream = np.random.default_rng(np.random.SeedSequence(seed).spawn(3)[2])  # 0, 1 draw images
    levels = (stream.permutation(count) + 0.5) / count
    return Resampled(each, by_images, _spread(each, random=trainings == "random"), levels)


def _spread(each: Sequence[Values], *, random: bool) -> Spread:
    """Estimate the variance of the means over training runs; 0 if these are not random."""
    if not random:
        return Spread(np.zeros(len(each)), np.zeros(len(each)), 0)
    counts = np.array([own.size for own in each])
    of_one = np.array([own.var(ddof=1) if np.ptp(own) > ROUNDING else 0.0 for own in each])
    variances, degrees = moderate(of_one, counts - 1)
    return Spread(variances / counts, degrees, int((counts - 1)[of_one > 0.0].sum()))


def _same(a: Values, b: Values) -> bool:
    """Return whether two detectors' training runs have the same metrics, in any order."""
    return a.size == b.size and float(np.abs(np.sort(a) - np.sort(b)).max()) <= ROUNDING
