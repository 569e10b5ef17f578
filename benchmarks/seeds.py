"""Coverage of intervals and error rates of tests over seeds, in simulated studies.

    python benchmarks/seeds.py [--studies 1000]

``docs/metrics.md`` has the tables. Training s scores a normal image N(0, 1) and an abnormal one
N(g, 1), with a new g for each training. Half of an image's variance is the same for all trainings
of all detectors.
"""

from __future__ import annotations

import argparse
import math

import mia_metrics as mm
import numpy as np

IMAGES, GAP = 160, 1.2
LEVEL = 0.05


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--studies", type=int, default=1000)
    studies = parser.parse_args().studies
    print("trainings | covered, random | fixed | told apart, random | fixed")
    for count in (2, 3, 5, 10):
        print(count, *(f"{share:.3f}" for share in two_detectors(count, studies)), sep=" | ")
    print("trainings | covered | poor one found | one of equals called worse")
    for count in (2, 3):
        print(count, *(f"{share:.3f}" for share in ten_detectors(count, studies // 4)), sep=" | ")


def two_detectors(count: int, studies: int) -> list[float]:
    """Intervals that hold the truth, and equal detectors that are told apart; random and fixed."""
    rng = np.random.default_rng(count)
    covered, apart = np.zeros(2), np.zeros(2)
    for seed in range(studies):
        images = rng.standard_normal(IMAGES)
        a, b = (drawn(rng, count, images, GAP, 0.4) for _ in range(2))
        for column, trainings in enumerate(("random", "fixed")):
            options = {"trainings": trainings, "n_resamples": 500, "seed": seed}
            covered[column] += holds(mm.bootstrap_interval(TRUTH, a, **options), GAP, 0.4)
            apart[column] += mm.compare(TRUTH, a, b, **options).p_value <= LEVEL
    return [*covered / studies, *apart / studies]


def ten_detectors(count: int, studies: int) -> list[float]:
    """Of ten detectors, each with a spread of its own over the seeds, one is poor or none."""
    rng = np.random.default_rng(count)
    covered, found, wrong = 0, 0, 0
    for seed in range(studies):
        images = rng.standard_normal(IMAGES)
        spreads = np.geomspace(0.05, 0.5, 10)
        equal = {str(i): drawn(rng, count, images, GAP, s) for i, s in enumerate(spreads)}
        result = mm.compare_with_best(TRUTH, equal, seed=seed)
        covered += sum(holds(result[str(i)], GAP, s) for i, s in enumerate(spreads))
        wrong += any(row.adjusted <= LEVEL for row in result.values())
        scores = equal | {"0": drawn(rng, count, images, 0.15, 0.2)}
        found += mm.compare_with_best(TRUTH, scores, seed=seed)["0"].adjusted <= LEVEL
    return [covered / (10 * studies), found / studies, wrong / studies]


TRUTH = np.arange(IMAGES) >= IMAGES // 2


def drawn(
    rng: np.random.Generator, count: int, images: np.ndarray, gap: float, spread: float
) -> np.ndarray:
    """Scores of `count` trainings, (S, N)."""
    own = rng.standard_normal((count, IMAGES))
    return np.sqrt(0.5) * (images + own) + rng.normal(gap, spread, (count, 1)) * TRUTH


def holds(interval: mm.Interval, gap: float, spread: float) -> bool:
    """Whether an interval holds the mean AUROC over all images and trainings."""
    expected = 0.5 * math.erfc(-gap / math.sqrt(2 + spread**2) / math.sqrt(2))
    return interval.low <= expected <= interval.high


if __name__ == "__main__":
    main()
