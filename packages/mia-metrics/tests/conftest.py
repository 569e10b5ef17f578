from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

# The same examples every time, and no verdict that depends on how busy the machine is.
settings.register_profile(
    "steady", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("steady")


class Set(NamedTuple):
    truth: np.ndarray
    scores: np.ndarray


@pytest.fixture
def images() -> Callable[..., Set]:
    """Make labels and scores of both classes; `levels` distinct scores, or continuous ones."""

    def make(seed: int, *, size: int = 200, levels: int | None = None, gap: float = 1.0) -> Set:
        rng = np.random.default_rng(seed)
        truth = rng.random(size) < 0.3
        truth[:2] = False, True
        scores = rng.standard_normal(size) + gap * truth
        if levels is not None:
            scores = np.floor((scores + 3) * levels / 7)
        return Set(truth, scores)

    return make


@pytest.fixture
def pixels() -> Callable[..., Set]:
    """Make masks with blobs of several sizes and float32 maps; the last image has no lesion."""

    def make(
        seed: int, *, shape: tuple[int, int, int] = (6, 12, 10), levels: int | None = None
    ) -> Set:
        rng = np.random.default_rng(seed)
        masks = np.zeros(shape, bool)
        for mask in masks[:-1]:
            for _ in range(rng.integers(1, 4)):
                y, x = rng.integers(0, shape[1] - 1), rng.integers(0, shape[2] - 1)
                mask[y : y + rng.integers(1, 5), x : x + rng.integers(1, 5)] = True
        maps = (rng.standard_normal(shape) + 1.2 * masks).astype(np.float32)
        if levels is not None:
            maps = np.floor(maps * levels / 6).astype(np.float32)
        return Set(masks, maps)

    return make


@pytest.fixture
def scene() -> Callable[..., Set]:
    """Make masks of which the first `lesions` have one, and maps that find some of them."""

    def make(
        seed: int,
        *,
        count: int = 80,
        side: int = 32,
        lesions: int = 32,
        strength: float = 0.75,
    ) -> Set:
        rng = np.random.default_rng(seed)
        masks = np.zeros((count, side, side), bool)
        maps = rng.normal(size=masks.shape) + rng.normal(0, 0.5, (count, 1, 1))
        for mask, heat in zip(masks[:lesions], maps, strict=False):
            height, width = rng.integers(2, side // 3, 2)
            top, left = rng.integers(0, side - height), rng.integers(0, side - width)
            mask[top : top + height, left : left + width] = True
            heat[mask] += rng.gamma(2, strength)
        return Set(masks, maps.astype(np.float32))

    return make
