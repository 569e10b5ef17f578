"""Speed and memory of mia-metrics, compared with scikit-learn and plain numpy.

    python benchmarks/metrics.py [--images 2776] [--size 64] [--repeats 2]

Needs mia-metrics and scikit-learn, and checks that the results are equal. Times are the CPU seconds
of this one process, the best of the repeats, so other work on the machine matters little.
Everything here runs in one thread.
"""

import argparse
import time
import tracemalloc
from collections.abc import Callable
from typing import Any

import mia_metrics as mm
import numpy as np
from scipy.ndimage import gaussian_filter
from sklearn.metrics import average_precision_score, roc_auc_score


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--images", type=int, default=2776, help="number of maps")
    options.add_argument("--size", type=int, default=64, help="height and width of a map")
    options.add_argument("--repeats", type=int, default=2, help="take the best of so many runs")
    chosen = options.parse_args()
    masks, maps = phantom(chosen.images, chosen.size)
    print(f"{len(maps)} maps of {chosen.size} x {chosen.size}, {maps.dtype}, ", end="")
    print(f"{100 * masks.mean():.1f} % lesion, {maps.size / 1e6:.1f} million pixels")
    pixels(masks, maps, chosen.repeats)
    resamples(chosen.repeats)
    map_resamples(masks[:500], maps[:500], chosen.repeats)


def phantom(images: int, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Smooth random lesions on 3 % of the pixels, in noise."""
    rng = np.random.default_rng(0)
    field = gaussian_filter(rng.standard_normal((images, size, size), np.float32), (0, 4, 4))
    masks = field > np.quantile(field, 0.97)
    return masks, rng.standard_normal(masks.shape, np.float32) + np.float32(1.5) * masks


def pixels(masks: np.ndarray, maps: np.ndarray, repeats: int) -> None:
    y, s = masks.ravel(), maps.ravel()
    plain, by_others = timed(lambda: others(y, s), repeats)
    three, ours = timed(lambda: mm.pixel_metrics(masks, maps, aupro=False), repeats)
    quantile, by_study = timed(lambda: mm.best_dice(masks, maps, n_thresholds=200), repeats)
    overlap, aupro = timed(lambda: mm.aupro(masks, maps), repeats)
    streamed, exact = timed(lambda: stream(mm.PixelAccumulator(), masks, maps).compute(), repeats)
    binned, _ = timed(lambda: stream(mm.PixelHistogram(), masks, maps).compute(), repeats)
    bounds = stream(mm.PixelHistogram(), masks, maps).bounds()
    lesions, _ = timed(lambda: mm.froc(masks, maps), 1)

    assert abs(ours["pixel_auroc"] - by_others[0]) < 1e-9
    assert abs(ours["pixel_ap"] - by_others[1]) < 1e-9
    assert abs(by_study.value - by_others[2]) < 1e-12
    assert ours["best_dice"] >= by_study.value
    for name, value in {**ours, "aupro": aupro}.items():
        assert abs(exact[name] - value) < 1e-9
    for name, (low, high) in bounds.items():
        assert low - 1e-9 <= exact[name] <= high + 1e-9

    row("roc_auc_score + average_precision_score + 200 thresholds", plain, plain)
    row("pixel AUROC + pixel AP + exact best Dice", three, plain)
    row("best Dice of 200 quantiles alone", quantile, plain)
    row("AUPRO alone", overlap, plain)
    row("all, streamed exactly in batches of 64", streamed, plain)
    row("all, streamed into a histogram", binned, plain)
    row("FROC, exact at all thresholds", lesions, plain)
    print(f"AUPRO takes {overlap / three:.1f} times the other three together")
    for aupro_too in (False, True):
        peak = peak_memory(lambda too=aupro_too: mm.pixel_metrics(masks, maps, aupro=too))
        print(f"peak memory, aupro={aupro_too}: {peak / maps.nbytes:.2f} times the maps")
    used = peak_memory(lambda: mm.froc(masks, maps))
    print(f"peak memory, FROC: {used / maps.nbytes:.2f} times the maps")


def others(y: np.ndarray, s: np.ndarray) -> tuple[float, float, float]:
    """scikit-learn, and the study's rule of 200 thresholds as a loop."""
    best = 0.0
    for threshold in np.sort(s)[:: s.size // 200]:
        called = s > threshold
        both = np.count_nonzero(called & y)
        best = max(best, 2 * both / (np.count_nonzero(called) + np.count_nonzero(y)))
    return roc_auc_score(y, s), average_precision_score(y, s), best


def stream(target: Any, masks: np.ndarray, maps: np.ndarray) -> Any:
    for start in range(0, len(maps), 64):
        target.update(masks[start : start + 64], maps[start : start + 64])
    return target


def resamples(repeats: int) -> None:
    rng = np.random.default_rng(1)
    labels = np.arange(2000) >= 1000
    scores = rng.standard_normal(2000) + labels

    def loop() -> np.ndarray:
        draws = np.random.default_rng(0)
        parts = np.flatnonzero(~labels), np.flatnonzero(labels)
        values = []
        for _ in range(1000):
            drawn = np.concatenate([part[draws.integers(0, 1000, 1000)] for part in parts])
            values.append(roc_auc_score(labels[drawn], scores[drawn]))
        return np.quantile(values, [0.025, 0.975])

    plain, expected = timed(loop, 1)
    ours, interval = timed(lambda: mm.bootstrap_interval(labels, scores), repeats)
    bca, _ = timed(lambda: mm.bootstrap_interval(labels, scores, method="bca"), repeats)
    delong, analytic = timed(lambda: mm.delong_interval(labels, scores), repeats)
    assert np.allclose(interval[1:3], expected, atol=4e-3)  # other draws
    assert np.allclose(analytic[1:3], expected, atol=4e-3)
    by_call = mm.bootstrap_interval(labels, scores, metric=roc_auc_score, n_resamples=50)
    by_name = mm.bootstrap_interval(labels, scores, metric="auroc", n_resamples=50)
    assert np.allclose(by_call, by_name, atol=1e-12)  # the same draws
    print("\n95 % interval of the AUROC of 2000 images")
    row("1000 resamples in a loop of roc_auc_score", plain, plain)
    row("1000 resamples, percentile", ours, plain)
    row("1000 resamples, BCa", bca, plain)
    row("DeLong", delong, plain)


def map_resamples(masks: np.ndarray, maps: np.ndarray, repeats: int) -> None:
    def interval(metric: Any) -> mm.Interval:
        return mm.bootstrap_interval(masks, maps, metric=metric, n_resamples=20)

    plain, by_call = timed(lambda: interval(mm.pixel_ap), 1)
    ours, by_name = timed(lambda: interval("pixel_ap"), repeats)
    assert np.allclose(by_call, by_name, atol=1e-12)
    print(f"\n20 resamples of the pixel AP of {len(maps)} maps")
    row("the metric called on every resample", plain, plain)
    row("the metric by name: ranked once", ours, plain)
    binned, found = timed(lambda: mm.bootstrap_pixels(masks, maps, n_resamples=20), repeats)
    assert np.allclose(found.interval("pixel_ap"), by_name, atol=1e-3)
    row("all four pixel metrics, from binned counts", binned, plain)
    many, _ = timed(lambda: mm.bootstrap_pixels(masks, maps, n_resamples=2000), repeats)
    row("the same, 2000 resamples", many, plain)
    used = peak_memory(lambda: mm.bootstrap_pixels(masks, maps, n_resamples=2000))
    print(f"peak memory of the last: {used / maps.nbytes:.1f} times the maps")


def timed(work: Callable[[], Any], repeats: int) -> tuple[float, Any]:
    best = float("inf")
    for _ in range(repeats):
        start = time.process_time()
        result = work()
        best = min(best, time.process_time() - start)
    return best, result


def peak_memory(work: Callable[[], Any]) -> int:
    """Most memory allocated by the work itself, its input not counted."""
    tracemalloc.start()
    work()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def row(name: str, seconds: float, reference: float) -> None:
    print(f"{name:55s} {seconds:9.4f} s {reference / seconds:8.1f} x")


if __name__ == "__main__":
    main()
