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
    pasted = image
    for number in range(PATCHES):
        if number > 0 and rng.random() < 0.5:
            continue
        cut_from = source_box(theirs, rng)
        if cut_from is None:
            continue
        goes_to = target_box(own, resized(theirs[cut_from].shape, len(image), rng), rng)
        if goes_to is not None:
            pasted = blend(pasted, own[goes_to], goes_to, source[cut_from], theirs[cut_from])
    return pasted, label(image, pasted)


def foreground(image: np.ndarray) -> np.ndarray:
    return cv2.medianBlur(np.uint8(image > 20), 7)


def half_width(side: int, rng: np.random.Generator) -> int:
    share = np.clip(LEAST + rng.gamma(2, 0.03), LEAST, MOST)
    return int(np.clip(round(share * side), np.ceil(LEAST * side), np.floor(MOST * side)))


def source_box(theirs: np.ndarray, rng: np.random.Generator) -> Box | None:
    side = len(theirs)
    halves = half_width(side, rng), half_width(side, rng)
    least = int(np.ceil(LEAST * side))
    for _ in range(TRIES):
        center = rng.integers(least, side - least, 2)
        rows, columns = (
            slice(max(c - h, 0), min(c + h, side)) for c, h in zip(center, halves, strict=True)
        )
        if theirs[rows, columns].mean() > 0.7:
            return rows, columns
    return None


def resized(shape: tuple[int, ...], side: int, rng: np.random.Generator) -> tuple[int, ...]:
    scale = np.clip(rng.normal(1, 0.5), 0.7, 1.3)
    return tuple(min(max(round(scale * length), 1), side) for length in shape)


def target_box(own: np.ndarray, shape: tuple[int, ...], rng: np.random.Generator) -> Box | None:
    for _ in range(TRIES):
        top, left = (int(rng.integers(0, len(own) - length + 1)) for length in shape)
        box = slice(top, top + shape[0]), slice(left, left + shape[1])
        if own[box].mean() > 0.7:
            return box
    return None


def blend(
    pasted: np.ndarray, own: np.ndarray, box: Box, patch: np.ndarray, patch_mask: np.ndarray
) -> np.ndarray:
    """Clone the patch into a box of the image, where either is foreground."""
    size = own.shape[::-1]  # OpenCV's order
    patch = cv2.resize(patch, size)
    where = own | cv2.resize(patch_mask, size, interpolation=cv2.INTER_NEAREST)
    where[[0, -1]] = where[:, [0, -1]] = 0
    if np.count_nonzero(where) < 50:
        return pasted
    rows, columns = np.nonzero(where)
    center = (
        int(box[1].start + columns.min() + (np.ptp(columns) + 1) // 2),
        int(box[0].start + rows.min() + (np.ptp(rows) + 1) // 2),
    )
    three = [np.repeat(gray[..., None], 3, axis=-1) for gray in (patch, pasted)]
    cloned = cv2.seamlessClone(*three, 255 * where, center, cv2.MIXED_CLONE)[..., 0]
    result = pasted.copy()
    result[box] = np.where(where, cloned[box], pasted[box])
    return result


def label(image: np.ndarray, pasted: np.ndarray) -> np.ndarray:
    """Return 0 where nothing has changed, a logistic function of the change elsewhere."""
    difference = np.abs(image.astype(float) - pasted)
    changed = cv2.medianBlur(np.uint8(difference > 1), 5)
    return changed / (1 + np.exp(-0.5 * (median(difference, disk(5)) - 4)))
