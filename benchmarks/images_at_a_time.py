"""Time of a CPU to score large images a few at a time, compared with a whole batch.

    python benchmarks/images_at_a_time.py [--methods NAMES] [--images 64] [--repeats 3]
                                          [--keep-memory]

Each method is fitted to a few random images of its own size. Then it scores more of them, in
batches that pass the network as a whole (16 for frozen features, 64 for the others), and with as
many images at a time as detectors take on a CPU. Both alternate, with one thread, and give the same
scores; the smallest processor times count. Prints milliseconds for an image, and their ratio.
``--keep-memory`` keeps freed memory, as ``mia-bench score`` does.
"""

from __future__ import annotations

import argparse
import time
from contextlib import nullcontext
from typing import Any
from unittest.mock import patch

import mia_ssl
import numpy as np
import torch
from mia_bench.execution.resources import keep_freed_memory

METHODS = "synthetic-lesions,gaussian-features,patchcore,panda,msc,cutpaste-2stage,nsa"
WHOLE = 1 << 40  # pixels: no batch is divided
# What makes a fit short; how long a score takes does not depend on it.
SHORT: dict[str, dict[str, Any]] = {
    "features": {},
    "adapted": {"epochs": 1, "backbone": "efficientnet-lite0"},
    "two-stage": {"epochs": 1, "steps_per_epoch": 1},
    "one-stage": {"epochs": 1},
}


def score(detector: Any, images: np.ndarray, *, whole: bool) -> tuple[float, np.ndarray]:
    """Return the processor's milliseconds for an image, and the scores."""
    module = "mia_ssl._engine.backbones.backbone"
    divided = detector.cpu_score_pixels
    with patch(f"{module}.CPU_PIXELS", WHOLE) if whole else nullcontext():
        detector.cpu_score_pixels = WHOLE if whole and divided else divided
        start = time.process_time()
        scores = detector.predict(images, device="cpu").score
        spent = time.process_time() - start
    detector.cpu_score_pixels = divided
    return 1000 * spent / len(images), scores


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--methods", default=METHODS)
    parser.add_argument("--images", type=int, default=64)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--keep-memory", action="store_true")
    given = parser.parse_args()
    if given.keep_memory:
        keep_freed_memory()
    torch.set_num_threads(1)
    print("| method | pixels | whole batch, ms | a few at a time, ms | ratio |")
    print("|---|---|---|---|---|")
    for method in given.methods.split(","):
        info = mia_ssl.METHODS[method]
        side = info.image_size
        images = np.random.default_rng(0).integers(0, 256, (given.images, 1, side, side), np.uint8)
        detector = mia_ssl.build(method, in_channels=1, **SHORT[info.family])
        detector.fit(images[:24], seed=0, device="cpu")
        times: list[list[float]] = []
        for _ in range(given.repeats):
            (slow, expected), (fast, got) = (
                score(detector, images, whole=whole) for whole in (True, False)
            )
            np.testing.assert_allclose(got, expected, rtol=1e-3)
            times.append([slow, fast])
        whole, few = map(min, zip(*times, strict=True))
        print(f"| {method} | {side} | {whole:.0f} | {few:.0f} | {whole / few:.2f} |", flush=True)


if __name__ == "__main__":
    main()
