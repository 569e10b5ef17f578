"""Speed of pasting batches of tensors, compared with OpenCV and scikit-image on single images.

    python benchmarks/synthesis.py --images FOLDER [--device cpu] [--batch 64] [--size 224]

The reference writes the rules of the study in the usual way, for gray and RGB: NumPy on (H, W, C),
OpenCV for medians, resizing and seamless cloning, scikit-image for the median by a disk.

On the CPU, both work on one core in alternate rounds. The time is processor time, which other
programs on the machine change least: the best round of each and, in brackets, the ratio of the
median rounds. In a round the reference processes all images once and the batched side four times,
each with another seed. Both then spend most of the round in the middle of their work, as in a
training. The script also prints the time of the first of the four, which comes after other work.

Both draw their own patches. So the check is that they change as many pixels and give as high labels
on average.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from statistics import median

import cv2
import mia_ssl
import numpy as np
import torch
from skimage.filters import median as median_filter
from skimage.morphology import disk

TRIES, PATCHES = 200, 3
IN_A_ROW = 4  # batches
OFFSET, LEAST, MOST = 0.05, 0.03, 0.4  # of half-widths, as shares of the side
Box = tuple[slice, slice]


def foreground(image: np.ndarray) -> np.ndarray:
    return cv2.medianBlur(np.uint8(image.mean(axis=-1) > 20), 7)


def half_width(side: int, rng: np.random.Generator) -> int:
    width = (OFFSET + rng.gamma(2, 0.03)) * side
    return int(np.clip(width, round(LEAST * side), round(MOST * side)))


def source_box(mask: np.ndarray, rng: np.random.Generator) -> Box | None:
    side = len(mask)
    halves = half_width(side, rng), half_width(side, rng)
    border = round(LEAST * side)
    for _ in range(TRIES):
        center = rng.integers(border, side - border, 2)
        rows, columns = (
            slice(max(c - h, 0), min(c + h, side)) for c, h in zip(center, halves, strict=True)
        )
        if mask[rows, columns].mean() > 0.7:
            return rows, columns
    return None


def resized(
    patch: np.ndarray, mask: np.ndarray, side: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    limits = round(LEAST * side), round(MOST * side)
    old_height, old_width = mask.shape
    height = np.clip(old_height * np.clip(rng.normal(1, 0.5), 0.7, 1.3), *limits)
    width = np.clip(int(height / old_height * old_width), *limits)
    height = np.clip(int(width / old_width * old_height), *limits)
    patch = cv2.resize(patch, (width, height)).reshape(height, width, -1)
    return patch, cv2.resize(mask, (width, height))


def target_box(own: np.ndarray, mask: np.ndarray, rng: np.random.Generator) -> Box | None:
    needed = 0.7 * mask.sum()
    for _ in range(TRIES):
        top, left = (rng.integers(0, len(own) - length + 1) for length in mask.shape)
        rows, columns = slice(top, top + mask.shape[0]), slice(left, left + mask.shape[1])
        if (own[rows, columns] & mask).sum() > needed:
            return rows, columns
    return None


def paste(
    image: np.ndarray, source: np.ndarray, name: str, factor: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """The image with its patches, and where foreground was pasted."""
    pasted, mask, source_mask = image.copy(), foreground(image), foreground(source)
    everywhere = np.zeros_like(mask)
    for number in range(PATCHES):
        if number > 0 and rng.random() < 0.5:
            continue
        box = source_box(source_mask, rng)
        if box is None:
            continue
        patch, patch_mask = source[box], source_mask[box]
        if name == "nsa":
            patch, patch_mask = resized(patch, patch_mask, len(image), rng)
        if name in ("cutpaste", "nsa"):
            box = target_box(mask, patch_mask, rng)
            if box is None:
                continue
        where = patch_mask | mask[box]
        everywhere[box] |= where
        if name in ("pii", "nsa"):
            pasted = clone(pasted, patch, box, factor)
        else:
            mixed = (1 - factor) * pasted[box] + factor * patch
            pasted[box] = np.where(where[..., None], np.floor(mixed), pasted[box])
    return pasted, everywhere


def clone(pasted: np.ndarray, patch: np.ndarray, box: Box, factor: float) -> np.ndarray:
    height, width, channels = patch.shape
    if (height - 2) * (width - 2) < 50:
        return pasted
    weight = np.pad(np.full((height - 2, width - 2), np.ceil(factor * 255), np.uint8), 1)
    center = int(box[1].start + width - width // 2), int(box[0].start + height // 2)
    three = [np.repeat(part, 3 // channels, axis=-1) for part in (patch, pasted)]
    return cv2.seamlessClone(*three, weight, center, cv2.MIXED_CLONE)[..., :channels]


def label(
    image: np.ndarray, pasted: np.ndarray, where: np.ndarray, name: str, factor: float
) -> np.ndarray:
    difference = np.abs(image.astype(np.float32) - pasted).mean(axis=-1) * where
    changed = cv2.medianBlur(np.uint8(difference > 1), 5)
    if name == "nsa":
        return changed / (1 + np.exp(-0.5 * (median_filter(difference * changed, disk(5)) - 4)))
    return (changed * factor).astype(np.float32)


def reference(images: np.ndarray, name: str, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Images (N, H, W, C) one by one: pasted images and labels (N, H, W)."""
    rng = np.random.default_rng(seed)
    pasted, labels = np.empty_like(images), np.empty(images.shape[:3], np.float32)
    for i, image in enumerate(images):
        other = 0 if name == "cutpaste" else rng.integers(1, len(images))
        factor = rng.uniform(0.05, 0.95) if name in ("fpi", "pii") else 1.0
        pasted[i], where = paste(image, images[(i + other) % len(images)], name, factor, rng)
        labels[i] = label(image, pasted[i], where, name, factor)
    return pasted, labels


def read(folder: Path, count: int, size: int) -> np.ndarray:
    files = sorted(path for path in folder.iterdir() if path.suffix in {".jpg", ".png"})[:count]
    images = [cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) for path in files]
    return np.stack([cv2.resize(image, (size, size)) for image in images])[..., None]


def compare(name: str, images: np.ndarray, device: str, runs: int) -> None:
    batch = torch.from_numpy(images).permute(0, 3, 1, 2).contiguous().to(device)
    clock = time.process_time if device == "cpu" else time.perf_counter
    synchronize = torch.cuda.synchronize if device.startswith("cuda") else lambda: None
    slow, fast, first, sums = [], [], [], np.zeros((2, 2))
    mia_ssl.synthesize(name, batch, seed=0)  # fills tables, starts kernels
    for seed in range(runs):
        start = time.process_time()
        pasted, labels = reference(images, name, seed)
        slow.append(time.process_time() - start)
        sums[0] += (pasted != images).mean(), labels.mean()
        synchronize()
        start = clock()
        for number in range(IN_A_ROW):
            result, scored = mia_ssl.synthesize(name, batch, seed=IN_A_ROW * seed + number)
            if number == 0:
                synchronize()
                first.append(clock() - start)
        synchronize()
        fast.append((clock() - start) / IN_A_ROW)
        sums[1] += (result != batch).double().mean().item(), scored.double().mean().item()
    ratios = sums[1] / sums[0]
    assert np.all((ratios > 0.75) & (ratios < 1.33)), f"{name}: not the same rules, {ratios}"
    slow_ms, fast_ms = (1000 * min(times) / len(images) for times in (slow, fast))
    print(
        f"{name:9s} reference {slow_ms:6.2f} ms an image, batched {fast_ms:6.3f} ms, "
        f"{slow_ms / fast_ms:5.1f} x ({median(slow) / median(fast):.1f} x), "
        f"first batch {min(slow) / min(first):.1f} x ({median(slow) / median(first):.1f} x); "
        f"changed {ratios[0]:.2f} and labeled {ratios[1]:.2f} as much"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=Path, required=True, help="folder of JPEG or PNG files")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--runs", type=int, default=10)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    images = read(arguments.images, arguments.batch, arguments.size)
    for name in ("cutpaste", "fpi", "pii", "nsa"):
        compare(name, images, arguments.device, arguments.runs)


if __name__ == "__main__":
    main()
