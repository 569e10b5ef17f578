"""Pasting speed: batches of tensors against one image at a time with OpenCV and scikit-image.

    python benchmarks/synthesis.py --images FOLDER [--device cpu] [--batch 64] [--size 224]

The reference is the usual way to write the rules of the study: NumPy loops, OpenCV for medians,
resizing and seamless cloning, scikit-image for the median by a disk. Both work on one core on the
CPU; the ratio is of the best of several runs, taken in turns.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import cv2
import numpy as np
import torch
from skimage.filters import median
from skimage.morphology import disk

import mia_ssl

METHODS = {  # name: source is another image, shifted, blend
    "cutpaste": (False, True, "swap"),
    "fpi": (True, False, "convex"),
    "pii": (True, False, "poisson"),
    "nsa": (True, True, "poisson"),
}
TRIES, PATCHES = 200, 3
MIN_HALF, MAX_HALF = 0.03, 0.4


def foreground(image: np.ndarray) -> np.ndarray:
    return cv2.medianBlur(np.uint8(image > 20), 7)


def half_width(side: int, rng: np.random.Generator) -> int:
    share = np.clip(MIN_HALF + rng.gamma(2, 0.03), MIN_HALF, MAX_HALF)
    return int(round(share * side))


def source_box(mask: np.ndarray, rng: np.random.Generator) -> tuple[slice, slice] | None:
    side = len(mask)
    halves = half_width(side, rng), half_width(side, rng)
    low = int(np.ceil(MIN_HALF * side))
    for _ in range(TRIES):
        centre = rng.integers(low, side - low, 2)
        box = tuple(
            slice(max(c - h, 0), min(c + h, side)) for c, h in zip(centre, halves, strict=True)
        )
        if mask[box].mean() > 0.7:
            return box
    return None


def target_box(
    mask: np.ndarray, shape: tuple[int, int], rng: np.random.Generator
) -> tuple[slice, slice] | None:
    side = len(mask)
    for _ in range(TRIES):
        corner = [rng.integers(0, side - length + 1) for length in shape]
        box = tuple(slice(c, c + length) for c, length in zip(corner, shape, strict=True))
        if mask[box].mean() > 0.7:
            return box
    return None


def paste(
    image: np.ndarray, source: np.ndarray, name: str, factor: float, rng: np.random.Generator
) -> np.ndarray:
    other, shifted, blend = METHODS[name]
    pasted, mask = image.copy(), foreground(image)
    source_mask = foreground(source) if other else mask
    for number in range(PATCHES):
        if number > 0 and rng.random() < 0.5:
            continue
        box = source_box(source_mask, rng)
        if box is None:
            continue
        patch, patch_mask = source[box], source_mask[box]
        if name == "nsa":
            scale = np.clip(rng.normal(1, 0.5), 0.7, 1.3)
            shape = [min(max(int(round(scale * n)), 3), len(image)) for n in patch.shape]
            patch = cv2.resize(patch, shape[::-1])
            patch_mask = cv2.resize(patch_mask, shape[::-1], interpolation=cv2.INTER_NEAREST)
        if shifted:
            box = target_box(mask, patch.shape, rng)
            if box is None:
                continue
        where = patch_mask | mask[box]
        if blend == "poisson":
            pasted = clone(pasted, patch, where, box, factor)
        elif blend == "convex":
            mixed = pasted[box] + factor * (patch.astype(np.float32) - pasted[box])
            pasted[box] = np.where(where, np.round(mixed), pasted[box])
        else:
            pasted[box] = np.where(where, patch, pasted[box])
    return pasted


def clone(
    pasted: np.ndarray, patch: np.ndarray, where: np.ndarray, box: tuple[slice, slice], factor: float
) -> np.ndarray:
    weight = np.uint8(np.ceil(factor * 255)) * where
    weight[[0, -1]] = 0
    weight[:, [0, -1]] = 0
    rows, columns = np.nonzero(weight)
    if len(rows) == 0:
        return pasted
    centre = (
        int(box[1].start + columns.min() + (np.ptp(columns) + 1) // 2),
        int(box[0].start + rows.min() + (np.ptp(rows) + 1) // 2),
    )
    three = [cv2.cvtColor(part, cv2.COLOR_GRAY2BGR) for part in (patch, pasted)]
    return cv2.seamlessClone(*three, weight, centre, cv2.MIXED_CLONE)[..., 0]


def label(image: np.ndarray, pasted: np.ndarray, name: str, factor: float) -> np.ndarray:
    difference = np.abs(image.astype(np.float32) - pasted)
    changed = cv2.medianBlur(np.uint8(difference > 1), 5)
    if name == "nsa":
        level = median(difference * changed, disk(5))
        return changed / (1 + np.exp(-0.5 * (level - 4)))
    return (changed * factor).astype(np.float32)


def reference(images: np.ndarray, name: str, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    pasted, labels = np.empty_like(images), np.empty(images.shape, np.float32)
    for i, (image,) in enumerate(images):
        source = images[(i + rng.integers(1, len(images))) % len(images), 0]
        factor = rng.uniform(0.05, 0.95) if name in ("fpi", "pii") else 1.0
        pasted[i] = paste(image, source, name, factor, rng)
        labels[i] = label(image, pasted[i, 0], name, factor)
    return pasted, labels


def read(folder: Path, count: int, size: int) -> np.ndarray:
    files = sorted(path for path in folder.iterdir() if path.suffix in {".jpg", ".png"})[:count]
    images = [cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) for path in files]
    return np.stack([cv2.resize(image, (size, size)) for image in images])[:, None]


def seconds(function, device: str) -> float:
    start = time.perf_counter()
    function()
    if device == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=Path, required=True, help="folder of JPEG or PNG files")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--runs", type=int, default=5)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    images = read(arguments.images, arguments.batch, arguments.size)
    batch = torch.from_numpy(images).to(arguments.device)
    for name in METHODS:
        slow, fast = [], []
        for run in range(arguments.runs):
            slow.append(seconds(lambda: reference(images, name, run), "cpu"))
            fast.append(
                seconds(lambda: mia_ssl.synthesize(name, batch, seed=run), arguments.device)
            )
        slow_ms, fast_ms = (1000 * min(times) / len(images) for times in (slow, fast))
        print(f"{name:9s} reference {slow_ms:6.2f} ms an image, batched {fast_ms:6.3f}, "
              f"{slow_ms / fast_ms:5.1f} x")


if __name__ == "__main__":
    main()
