"""nsa in plain NumPy and OpenCV: one gray image, one patch, one try at a time.

It is slow and in the order of the paper, https://arxiv.org/abs/2109.15222: read it first. The tests
hold the fast one against it.
"""

from __future__ import annotations

import cv2
import numpy as np
from skimage.filters import median
from skimage.morphology import disk

Box = tuple[slice, slice]  # rows, columns
PATCHES, TRIES = 3, 200
LEAST, MOST = 0.03, 0.4  # half-width of a patch, as a share of the image's side


def nsa(image: np.ndarray, source: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
    """Return the image with patches of the source, uint8 [S, S], and its label, float [S, S]."""
    own, theirs = foreground(image), foreground(source)
    pasted, where = image, np.zeros_like(image)
    for number in range(PATCHES):
        if number > 0 and rng.random() < 0.5:
            continue
        box = source_box(theirs, rng)
        if box is None:
            continue
        patch, mask = resized(source[box], theirs[box], len(image), rng)
        box = target_box(own, mask, rng)
        if box is None:
            continue
        pasted = blend(pasted, patch, box)
        where[box] |= own[box] | mask
    return pasted, label(image, pasted, where)


def foreground(image: np.ndarray) -> np.ndarray:
    return cv2.medianBlur(np.uint8(image > 20), 7)


def half_width(side: int, rng: np.random.Generator) -> int:
    return int(np.clip((0.05 + rng.gamma(2, 0.03)) * side, round(LEAST * side), round(MOST * side)))


def source_box(theirs: np.ndarray, rng: np.random.Generator) -> Box | None:
    side = len(theirs)
    halves = half_width(side, rng), half_width(side, rng)
    border = round(LEAST * side)
    for _ in range(TRIES):
        center = rng.integers(border, side - border, 2)
        rows, columns = (
            slice(max(c - h, 0), min(c + h, side)) for c, h in zip(center, halves, strict=True)
        )
        if theirs[rows, columns].mean() > 0.7:
            return rows, columns
    return None


def resized(
    patch: np.ndarray, mask: np.ndarray, side: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    limits = round(LEAST * side), round(MOST * side)
    old_height, old_width = patch.shape
    height = np.clip(old_height * np.clip(rng.normal(1, 0.5), 0.7, 1.3), *limits)
    width = np.clip(int(height / old_height * old_width), *limits)
    height = np.clip(int(width / old_width * old_height), *limits)
    return cv2.resize(patch, (width, height)), cv2.resize(mask, (width, height))


def target_box(own: np.ndarray, mask: np.ndarray, rng: np.random.Generator) -> Box | None:
    for _ in range(TRIES):
        top, left = (int(rng.integers(0, len(own) - length + 1)) for length in mask.shape)
        box = slice(top, top + mask.shape[0]), slice(left, left + mask.shape[1])
        if (own[box] & mask).sum() > 0.7 * mask.sum():
            return box
    return None


def blend(pasted: np.ndarray, patch: np.ndarray, box: Box) -> np.ndarray:
    """Clone all of the patch but its outermost pixels into a box of the image."""
    height, width = patch.shape
    if (height - 2) * (width - 2) < 50:
        return pasted
    weight = np.pad(np.full((height - 2, width - 2), 255, np.uint8), 1)
    center = box[1].start + width - width // 2, box[0].start + height // 2
    three = [np.repeat(gray[..., None], 3, axis=-1) for gray in (patch, pasted)]
    return cv2.seamlessClone(*three, weight, center, cv2.MIXED_CLONE)[..., 0]


def label(image: np.ndarray, pasted: np.ndarray, where: np.ndarray) -> np.ndarray:
    """Return 0 where no foreground has changed, a logistic function of the change elsewhere."""
    difference = where * np.abs(image.astype(float) - pasted)
    changed = cv2.medianBlur(np.uint8(difference > 1), 5)
    return changed / (1 + np.exp(-0.5 * (median(changed * difference, disk(5)) - 4)))
