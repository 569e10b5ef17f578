"""Comparison of detectors by bootstraps of their pixel metrics that were made earlier.

What `bootstrap_pixels` returns is small, so it can be kept with each training run and compared
later, without maps and masks.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from mia_metrics import validate
from mia_metrics.comparison.paired_bootstrap import Comparison, comparison_of
from mia_metrics.comparison.versus_best import VersusBest, versus_best
from mia_metrics.pixel import PIXEL_FORMULAS
from mia_metrics.uncertainty.pixel_bootstrap import PixelBootstrap
from mia_metrics.uncertainty.seed_variance import EFFECTS, Resampled, add_seed_variance


def compare_pixels(
    a: Sequence[PixelBootstrap],
    b: Sequence[PixelBootstrap],
    *,
    metric: str = "pixel_ap",
    confidence: float = 0.95,
    trainings: str = "random",
) -> Comparison:
    """Test two detectors against each other, as `compare`, by bootstraps of their pixel metrics.

    Args:
        a: bootstraps of the first detector's training runs, one or more.
        b: those of the second detector, on the same images with the same seed and number of
            resamples.
        metric: `pixel_auroc`, `pixel_ap`, `best_dice` or `aupro`.
        confidence: nominal coverage of the interval, in (0, 1).
        trainings: as in `bootstrap_interval`.

    Returns:
        The difference with its interval and p-value.

    Raises:
        ValueError: an unknown metric; no training run; different images, seeds or numbers of
            resamples.

    Paper: as `compare`

    Examples:
        >>> masks, maps = np.zeros((40, 8, 8)), np.random.default_rng(0).normal(size=(40, 8, 8))
        >>> masks[:20, 2:4, 2:5] = 1
        >>> from mia_metrics import bootstrap_pixels
        >>> better, worse = (
        ...     bootstrap_pixels(masks, maps + gain * masks, n_resamples=200) for gain in (2, 0.5)
        ... )
        >>> result = compare_pixels([better], [worse])
        >>> result.low > 0, result.p_value < 0.01
        (True, True)
    """
    found = _joined({"a": a, "b": b}, metric, trainings)
    confidence = validate.share("confidence", confidence, closed=False)
    return comparison_of(found, confidence, metric)


def compare_pixels_with_best(
    detectors: Mapping[str, Sequence[PixelBootstrap]],
    *,
    metric: str = "pixel_ap",
    confidence: float = 0.95,
    trainings: str = "random",
) -> dict[str, VersusBest]:
    """Test many detectors against the best, as `compare_with_best`, by bootstraps of their pixels.

    Args:
        detectors: for each the bootstraps of its training runs, one or more, all on the same images
            with the same seed and number of resamples.
        metric: `pixel_auroc`, `pixel_ap`, `best_dice` or `aupro`.
        confidence: nominal coverage of each interval, in (0, 1).
        trainings: as in `bootstrap_interval`.

    Returns:
        For each detector its interval and test, in the order of `detectors`.

    Raises:
        ValueError: as `compare_pixels`; no detector.

    Paper: as `compare_with_best`

    Examples:
        >>> masks, maps = np.zeros((40, 8, 8)), np.random.default_rng(0).normal(size=(40, 8, 8))
        >>> masks[:20, 2:4, 2:5] = 1
        >>> from mia_metrics import bootstrap_pixels
        >>> detectors = {
        ...     name: [bootstrap_pixels(masks, maps + gain * masks, n_resamples=200)]
        ...     for name, gain in {"good": 2, "poor": 0.5}.items()
        ... }
        >>> found = compare_pixels_with_best(detectors, metric="aupro")
        >>> found["good"].is_best, found["poor"].adjusted < 0.01
        (True, True)
    """
    validate.named("detectors", detectors, "detector")
    found = _joined(detectors, metric, trainings)
    confidence = validate.share("confidence", confidence, closed=False)
    return versus_best(detectors, found, confidence, metric)


def _joined(
    detectors: Mapping[str, Sequence[PixelBootstrap]], metric: str, trainings: str
) -> Resampled:
    """Check that all bootstraps have the same resamples, and join one metric of theirs."""
    validate.one_of("metric", metric, list(PIXEL_FORMULAS))
    validate.one_of("trainings", trainings, EFFECTS)
    kinds: dict[tuple[int, int, int, int], str] = {}
    for name, own in detectors.items():
        if not own:
            msg = f"expected at least 1 training run of {name}, got none"
            raise ValueError(msg)
        kinds |= {each.drawn: name for each in own}
    if len(kinds) > 1:
        listed = ", ".join(f"{kind} of {name}" for kind, name in kinds.items())
        msg = "expected bootstraps with the same numbers of images without and with a lesion, the "
        msg += f"same number of resamples and the same seed, got {listed}"
        raise ValueError(msg)
    (*_, seed), *_ = kinds
    each = [np.array([one.estimates[metric] for one in own]) for own in detectors.values()]
    means = np.stack(
        [np.mean([one.resampled[metric] for one in own], axis=0) for own in detectors.values()]
    )
    return add_seed_variance(each, means, trainings=trainings, seed=seed)
