"""Requirements that rules are made of; each raises ``AssertionError`` in one sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from mia_bench.detectors.protocol import Prediction

# Relative to the largest value: batches of other sizes round otherwise, which SSIM's differences of
# squares amplify.
TOLERANCE = 1e-4


def require(kept: bool, sentence: str) -> None:
    """Require a condition."""
    if not kept:
        raise AssertionError(sentence)


def require_array(name: str, array: np.ndarray, shape: tuple[int, ...]) -> None:
    """Require finite float32 values of this shape."""
    got = f"{array.dtype} {array.shape}"
    good = array.dtype == np.float32 and array.shape == shape
    require(good, f"{name} must be float32 {shape}, got {got}")
    require(bool(np.isfinite(array).all()), f"{name} must be finite")


def require_close(expected: Prediction, got: Prediction, what: str) -> None:
    """Require the same scores and maps but for rounding; ``what`` is what must not change them."""
    require_close_arrays(expected, got.score, got.map, what)


def require_close_arrays(
    expected: Prediction, score: np.ndarray, heat: np.ndarray | None, what: str
) -> None:
    """Require these scores and maps but for rounding, see ``require_close``."""
    require((expected.map is None) == (heat is None), f"{what} must not change whether maps come")
    pairs = [("score", expected.score, score), ("map", expected.map, heat)]
    for name, before, after in pairs:
        if before is not None and after is not None:
            worst = np.abs(before - after).max() / max(np.abs(before).max(), 1e-30)
            require(worst <= TOLERANCE, f"{what} must not change the {name}, got {worst:.2g} off")


def require_equal(expected: Prediction, got: Prediction, what: str) -> None:
    """Require the same scores to the last digit; ``what`` is what must give them."""
    require(np.array_equal(expected.score, got.score), f"{what} must give the same scores")
