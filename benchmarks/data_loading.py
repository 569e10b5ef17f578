"""Time that mia-data takes to load BrainTumor, compared with a plain loop of Pillow.

    python benchmarks/data_loading.py --root DIR    # DIR holds BrainTumor; default: MIA_DATA_ROOT

It also times a second load, which comes from the cache. All three ways are measured in turn, and
the best of several rounds counts, so other work on the machine affects them equally. The results
are first checked to be equal.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import mia_data
import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Callable

NAME, FOLDER = "braintumor", "BrainTumor"
SPLITS = ("train", "test")


def plain_loop(folder: Path, size: int) -> list[np.ndarray]:
    """Read both splits as one would without the package."""
    lists = json.loads((folder / "data.json").read_text())
    splits = []
    for split in SPLITS:
        names = [name for key in sorted(lists[split]) for name in sorted(lists[split][key])]
        images = []
        for name in names:
            with Image.open(folder / "images" / name) as image:
                small = image.convert("L").resize((size, size), Image.Resampling.BILINEAR)
                images.append(np.asarray(small))
        splits.append(np.stack(images)[:, None])
    return splits


def load(root: Path, size: int, cache_dir: str) -> list[np.ndarray]:
    sets = [mia_data.load(NAME, s, root=root, size=size, cache_dir=cache_dir) for s in SPLITS]
    return [ds.images for ds in sets]


def seconds(run: Callable[[], object]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def measure(root: Path, size: int, rounds: int) -> dict[str, float]:
    folder = root / FOLDER
    times: dict[str, list[float]] = {"plain": [], "cold": [], "warm": []}
    with tempfile.TemporaryDirectory() as scratch:
        warm_cache = f"{scratch}/warm"
        # This also reads all files once, so that no way pays for the disk.
        for ours, plain in zip(load(root, size, warm_cache), plain_loop(folder, size), strict=True):
            np.testing.assert_array_equal(ours, plain)
        for i in range(rounds):
            cold_cache = f"{scratch}/cold-{i}"
            times["plain"].append(seconds(lambda: plain_loop(folder, size)))
            times["cold"].append(seconds(lambda cache=cold_cache: load(root, size, cache)))
            # A warm load is short: take the best of several here too.
            times["warm"].append(
                min(seconds(lambda: load(root, size, warm_cache)) for _ in range(9))
            )
    return {name: min(values) for name, values in times.items()}


_MEMORY = """
import sys
from functools import partial
import mia_data
import numpy as np

root, cache, size = sys.argv[1:]
load = partial(mia_data.load, "braintumor", root=root)

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096 / 1e6

load("test", size=8, cache_dir=cache + "/other")
start = resident()
ds = load("train", size=int(size), cache_dir=cache)
opened = resident()
ds[500]
one = resident()
np.sum(ds.images)
print(ds.images.nbytes / 1e6, opened - start, one - start, resident() - start)
"""


def measure_memory(root: Path, size: int) -> list[float]:
    """Return MB of the split, and of memory: after a warm load, one image, all images."""
    with tempfile.TemporaryDirectory() as scratch:
        command = [sys.executable, "-c", _MEMORY, str(root), scratch, str(size)]
        # The first process fills the cache, the second finds it warm.
        outputs = [subprocess.run(command, check=True, capture_output=True) for _ in range(2)]
    return [float(value) for value in outputs[1].stdout.split()]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--root", type=Path, default=os.environ.get("MIA_DATA_ROOT"))
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=7)
    args = parser.parse_args()
    if args.root is None or not (args.root / FOLDER).is_dir():
        parser.error(f"expected --root or MIA_DATA_ROOT to hold {FOLDER}, got {args.root}")

    best = measure(args.root, args.size, args.rounds)
    print(f"{NAME}, both splits, {args.size} px, {os.cpu_count()} CPUs, best of {args.rounds}")
    print(f"  plain loop of Pillow {best['plain'] * 1e3:9.1f} ms")
    ratio = best["plain"] / best["cold"]
    print(f"  cold load            {best['cold'] * 1e3:9.1f} ms   {ratio:6.2f} x the plain loop")
    ratio = best["cold"] / best["warm"]
    print(f"  warm load            {best['warm'] * 1e3:9.1f} ms   {ratio:6.1f} x the cold load")
    if sys.platform == "linux":
        whole, opened, one, touched = measure_memory(args.root, 512)
        print(f"memory of the warm train split at 512 px ({whole:.0f} MB)")
        print(f"  opened {opened:.1f} MB, one image read {one:.1f} MB, all read {touched:.0f} MB")


if __name__ == "__main__":
    main()
