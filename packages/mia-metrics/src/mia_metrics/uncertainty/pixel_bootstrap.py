"""Bootstrap of the pixel metrics, at once and small enough to keep: intervals and paired tests."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mia_metrics import validate
from mia_metrics.comparison.versus_best import VersusBest, versus_best
from mia_metrics.pixel import PIXEL_FORMULAS, metrics_of
from mia_metrics.ranking import rank
from mia_metrics.regions.aupro import LIMIT, aupro_of
from mia_metrics.regions.regions import region_weights
from mia_metrics.uncertainty.bootstrap import Comparison, Interval, comparison
from mia_metrics.uncertainty.pixel_bins import PixelBins
from mia_metrics.uncertainty.resample import Indices, Values, draws, strata
from mia_metrics.uncertainty.resampled_metric import difference_bounds
from mia_metrics.uncertainty.seed_variance import EFFECTS, Resampled, joined


class PixelBootstrap(NamedTuple):
    """Pixel metrics of a test set and of bootstrap resamples of its images.

    Attributes:
        estimates: what `pixel_metrics` returns of the set.
        resampled: for each metric but `best_threshold` its value in every resample, (n_resamples,).
        normal: images without a lesion.
        abnormal: images with one.
        seed: of the resamples; with the counts it says which images each holds.
    """

    estimates: dict[str, float]
    resampled: dict[str, NDArray[np.float64]]
    normal: int
    abnormal: int
    seed: int

    @property
    def drawn(self) -> tuple[int, int, int, int]:
        """Images without and with a lesion, resamples, seed: alike where the resamples are."""
        values = next(iter(self.resampled.values()))
        return self.normal, self.abnormal, values.size, self.seed

    def interval(self, metric: str, *, confidence: float = 0.95) -> Interval:
        """Percentile interval of a metric for other images.

        Raises:
            ValueError: an unknown metric; a confidence outside (0, 1).
        """
        validate.one_of("metric", metric, list(self.resampled))
        confidence = validate.share("confidence", confidence, closed=False)
        levels = [(1.0 - confidence) / 2.0, (1.0 + confidence) / 2.0]
        low, high = np.quantile(self.resampled[metric], levels)
        return Interval(self.estimates[metric], float(low), float(high), confidence)


def bootstrap_pixels(
    masks: ArrayLike,
    maps: ArrayLike,
    *,
    n_resamples: int = 1000,
    bins: int = 1000,
    seed: int = 0,
) -> PixelBootstrap:
    """Pixel metrics, and their values in bootstrap resamples of the images, all in one go.

    The estimates are exact. The resamples are those of `bootstrap_interval`, whole images with and
    without a lesion drawn apart, but ranked from counts of each image's pixels in bins of the
    score: a product of matrices instead of a pass over all pixels for every resample. A resampled
    value is the estimate plus the difference that the resample makes in the binned metric, kept
    in [0, 1]; with 1000 bins it lies within about 0.001 of the exact one.

    Args:
        masks: (N, H, W) 0/1 (or 0/255, or booleans).
        maps: (N, H, W) finite, higher = more abnormal.
        n_resamples: how many; at least 2.
        bins: most bins of the score, which begin at quantiles of the lesion pixels; at least 2.
        seed: the same seed and images give the same resamples, whatever the maps.

    Raises:
        ValueError: as `pixel_metrics`; a number that is too small.

    Paper: Davison and Hinkley, Bootstrap Methods and their Application, 1997, section 5.3

    Example:
        >>> masks, maps = np.zeros((40, 8, 8)), np.random.default_rng(0).normal(size=(40, 8, 8))
        >>> masks[:20, 2:4, 2:5] = 1
        >>> found = bootstrap_pixels(masks, maps + masks, n_resamples=200)
        >>> interval = found.interval("pixel_auroc")
        >>> interval.low < interval.estimate < interval.high
        True
    """
    n_resamples = validate.at_least("n_resamples", n_resamples, 2)
    bins = validate.at_least("bins", bins, 2)
    seed = validate.at_least("seed", seed, 0)
    truth, scores = validate.pixel_pair(masks, maps)
    ranking = rank(truth, scores)
    estimates = metrics_of(ranking)
    weights = region_weights(truth)
    estimates["aupro"] = aupro_of(ranking, scores[truth], weights, LIMIT)
    parts = strata(truth)
    binned = PixelBins(truth, scores, parts, weights=weights, bins=bins)
    exact = np.array([estimates[name] for name in PIXEL_FORMULAS])
    everyone = (np.arange(part.size)[None] for part in parts)
    offset = exact - _metrics(binned, *everyone)
    rows = [_metrics(binned, *drawn) for drawn in draws(parts, n_resamples, seed)]
    values = (np.concatenate(rows) + offset).clip(0.0, 1.0).T
    resampled = dict(zip(PIXEL_FORMULAS, values, strict=True))
    return PixelBootstrap(estimates, resampled, parts.normal.size, parts.abnormal.size, seed)


def _metrics(binned: PixelBins, normal: Indices, abnormal: Indices) -> Values:
    """Binned metrics of resamples, (B, metrics) in the order of `PIXEL_FORMULAS`."""
    return np.array(
        [
            [formula(ranking, mass) for formula in PIXEL_FORMULAS.values()]
            for ranking, mass in binned.ranked(normal, abnormal)
        ]
    )


def compare_pixels(
    a: Sequence[PixelBootstrap],
    b: Sequence[PixelBootstrap],
    *,
    metric: str = "pixel_ap",
    confidence: float = 0.95,
    trainings: str = "random",
) -> Comparison:
    """`compare` of two detectors by bootstraps of their pixel metrics that have been made already.

    Args:
        a: of the first detector's trainings, one or more.
        b: of the second's, on the same images with the same seed and number of resamples.
        metric: `pixel_auroc`, `pixel_ap`, `best_dice` or `aupro`.
        confidence: in (0, 1).
        trainings: as in `bootstrap_interval`.

    Raises:
        ValueError: an unknown metric; no training; bootstraps of other images, seeds or numbers.

    Paper: as `compare`

    Example:
        >>> masks, maps = np.zeros((40, 8, 8)), np.random.default_rng(0).normal(size=(40, 8, 8))
        >>> masks[:20, 2:4, 2:5] = 1
        >>> better, worse = (
        ...     bootstrap_pixels(masks, maps + gain * masks, n_resamples=200) for gain in (2, 0.5)
        ... )
        >>> result = compare_pixels([better], [worse])
        >>> result.low > 0, result.p_value < 0.01
        (True, True)
    """
    found = _together({"a": a, "b": b}, metric, trainings)
    confidence = validate.share("confidence", confidence, closed=False)
    return comparison(found, confidence, difference_bounds(metric))


def compare_pixels_with_best(
    detectors: Mapping[str, Sequence[PixelBootstrap]],
    *,
    metric: str = "pixel_ap",
    confidence: float = 0.95,
    trainings: str = "random",
) -> dict[str, VersusBest]:
    """`compare_with_best` by bootstraps of pixel metrics that have been made already.

    Args:
        detectors: for each the bootstraps of its trainings, one or more, all on the same images
            with the same seed and number of resamples.
        metric: `pixel_auroc`, `pixel_ap`, `best_dice` or `aupro`.
        confidence: in (0, 1), of each interval alone.
        trainings: as in `bootstrap_interval`.

    Returns:
        In the order of `detectors`.

    Raises:
        ValueError: as `compare_pixels`; no detector at all.

    Paper: as `compare_with_best`

    Example:
        >>> masks, maps = np.zeros((40, 8, 8)), np.random.default_rng(0).normal(size=(40, 8, 8))
        >>> masks[:20, 2:4, 2:5] = 1
        >>> detectors = {
        ...     name: [bootstrap_pixels(masks, maps + gain * masks, n_resamples=200)]
        ...     for name, gain in {"good": 2, "poor": 0.5}.items()
        ... }
        >>> found = compare_pixels_with_best(detectors, metric="aupro")
        >>> found["good"].is_best, found["poor"].adjusted < 0.01
        (True, True)
    """
    validate.named("detectors", detectors, "detector")
    found = _together(detectors, metric, trainings)
    confidence = validate.share("confidence", confidence, closed=False)
    return versus_best(detectors, found, confidence, metric)


def _together(
    detectors: Mapping[str, Sequence[PixelBootstrap]], metric: str, trainings: str
) -> Resampled:
    validate.one_of("metric", metric, list(PIXEL_FORMULAS))
    validate.one_of("trainings", trainings, EFFECTS)
    kinds: dict[tuple[int, int, int, int], str] = {}
    for name, own in detectors.items():
        if not own:
            msg = f"expected at least 1 training of {name}, got none"
            raise ValueError(msg)
        kinds |= {each.drawn: name for each in own}
    if len(kinds) > 1:
        listed = ", ".join(f"{kind} of {name}" for kind, name in kinds.items())
        msg = "expected bootstraps with the same images without and with a lesion, resamples and "
        msg += f"seed, got {listed}"
        raise ValueError(msg)
    (*_, seed), *_ = kinds
    each = [np.array([one.estimates[metric] for one in own]) for own in detectors.values()]
    means = np.stack(
        [np.mean([one.resampled[metric] for one in own], axis=0) for own in detectors.values()]
    )
    return joined(each, means, trainings=trainings, seed=seed)
