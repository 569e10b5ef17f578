"""The range of a histogram of scores, which a few extreme scores do not squeeze into one bar."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

FENCE = 3  # interquartile ranges beyond the quartiles
WIDEST = 4  # the range of all groups in ranges of the first


class ScoreRange(NamedTuple):
    """The range of a histogram.

    Attributes:
        low: Its lower end.
        high: Its upper end, above the lower one.
        note: One sentence on the scores beyond it, which its last bars hold; empty if there are
            none.
    """

    low: float
    high: float
    note: str


def score_range(
    normal: np.ndarray, others: np.ndarray, *, least_high: float | None = None
) -> ScoreRange:
    """Return the range for the scores of normal and of other images.

    It holds what lies within three interquartile ranges of both groups' quartiles, but is no more
    than four times as wide as that of the normal ones, which therefore keep their shape.

    Args:
        normal: Scores of normal images, (N,).
        others: Scores of others, (M,).
        least_high: A score that lies inside in any case, such as a threshold.
    """
    values = np.concatenate([normal, others])
    first_low, first_high = _fences(normal)
    widest = WIDEST * (first_high - first_low)
    other_low, other_high = _fences(others)
    low = max(min(first_low, other_low), first_high - widest)
    high = min(max(first_high, other_high), first_low + widest)
    if least_high is not None:
        high = max(high, least_high)
    if high <= low:
        high = low + 1
    return ScoreRange(low, high, _note(values, low, high))


def _fences(scores: np.ndarray) -> tuple[float, float]:
    """Return the lowest and the highest score that are no outliers."""
    first, third = np.quantile(scores, [0.25, 0.75]).tolist()
    reach = FENCE * (third - first)
    inside = scores[(scores >= first - reach) & (scores <= third + reach)]
    return float(inside.min()), float(inside.max())


def _note(values: np.ndarray, low: float, high: float) -> str:
    """Return a sentence on what lies beyond the range."""
    parts = []
    above, below = int((values > high).sum()), int((values < low).sum())
    if above:
        parts.append(
            f"the last bar of the histogram holds {_images(above)} that score{_s(above)} above "
            f"{high:.3g}, up to {values.max():.3g}"
        )
    if below:
        parts.append(
            f"the first bar holds {_images(below)} that score{_s(below)} below {low:.3g}, down to "
            f"{values.min():.3g}"
        )
    text = "; ".join(parts)
    return f"{text[:1].upper()}{text[1:]}." if text else ""


def _images(count: int) -> str:
    return "1 image" if count == 1 else f"{count} images"


def _s(count: int) -> str:
    """Return the ending of a verb whose subject are so many images."""
    return "s" if count == 1 else ""
