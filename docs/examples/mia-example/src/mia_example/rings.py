"""Drawn rings; abnormal ones have a gap."""

from __future__ import annotations

from typing import Any

import numpy as np
from mia_data import Counts, DatasetInfo, ImageSet

COUNTS = Counts(train_normal=120, test_normal=30, test_abnormal=30)
DATASETS = {
    "example-rings": DatasetInfo(
        name="example-rings",
        title="drawn rings, abnormal: with a gap",
        modality="drawn",
        has_masks=True,
        counts=COUNTS,
    )
}


def load(name: str, split: str, *, size: int, channels: int, **_: Any) -> ImageSet:
    """Draw one split; a dataset of files would look for them below ``root``."""
    seed = {"train": 0, "test": 1}[split]
    normal, abnormal = {
        "train": (COUNTS.train_normal, 0),
        "test": (COUNTS.test_normal, COUNTS.test_abnormal),
    }[split]
    rng = np.random.default_rng(seed)
    labels = np.repeat([0, 1], [normal, abnormal])
    drawn = [draw(rng, size, gap=bool(label)) for label in labels]
    images = np.stack([image for image, _ in drawn])[:, None].repeat(channels, axis=1)
    return ImageSet(
        name=name,
        split=split,
        images=images,
        labels=labels.astype(np.int64),
        masks=np.stack([mask for _, mask in drawn]) if abnormal else None,
        ids=tuple(f"{split}/{i:03}" for i in range(len(labels))),
    )


def draw(rng: np.random.Generator, size: int, *, gap: bool) -> tuple[np.ndarray, np.ndarray]:
    """A bright ring on noise, uint8 (size, size), and the mask of its gap."""
    y, x = np.mgrid[:size, :size] / size - 0.5
    ring = np.abs(np.hypot(x, y) - rng.uniform(0.26, 0.34)) < rng.uniform(0.05, 0.07)
    turn = rng.uniform(-np.pi, np.pi)
    away = np.abs((np.arctan2(y, x) - turn + np.pi) % (2 * np.pi) - np.pi)
    missing = ring & (away < 0.4) if gap else np.zeros_like(ring)
    image = 30 + 150.0 * (ring & ~missing) + rng.normal(0, 8, ring.shape)
    return image.clip(0, 255).astype(np.uint8), missing.astype(np.uint8)
