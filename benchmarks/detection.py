"""Detection on real images: AUROC, AP, pixel AP, best Dice, processor seconds and peak memory.

    python benchmarks/detection.py --root FOLDER [--sets LGG,ChestXray] [--methods subspace,ae]
                                   [--seeds 0,1,2] [--epochs ae=100] [--threads 2]
                                   [--option 'radius=[0.027,0.35]'] [--brightness percentiles]

Prints a row of a Markdown table for each set, method and seed; ``docs/detection.md`` has the
figures. A set is a name that mia-data knows, or a folder below the root. Methods use their default
settings, except for those given, and their own image sizes. Seconds are processor time of all
threads together, which a busy machine changes little. Seconds to fit include the scores of all
training images. Each row is measured in its own process, and peak memory is that of the process.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import resource
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import mia_data
import mia_metrics
import mia_recon
import mia_ssl
import torch

SETS = "braintumor,ChestXray,LGG,brats2021"
METHODS = (
    "synthetic-lesions,gaussian-features,padim,patchcore,subspace,nearest-features,"
    "ae,ae-ssim,aeu,nsa,cutpaste-3way-2stage"
)


def read(
    name: str, split: str, root: Path, info: mia_ssl.MethodInfo, brightness: str | None
) -> mia_data.ImageSet:
    """Read a set as the method sees it, in gray."""
    how: dict[str, Any] = {
        "size": info.image_size,
        "resize": info.resize,
        "resample": info.resample,
        "brightness": brightness,
    }
    if name in mia_data.names():
        return mia_data.load(name, split, root=root, channels=1, **how)
    return mia_data.from_folder(root / name, split, channels=1, **how)


def measure(
    name: str, method: str, seed: int, options: dict[str, Any], given: argparse.Namespace
) -> str:
    """Fit and score one method, and return its row of the table."""
    torch.set_num_threads(given.threads)
    package = mia_ssl if method in mia_ssl.METHODS else mia_recon
    info = package.METHODS[method]
    splits = ("train", "test")
    train, test = (read(name, split, given.root, info, given.brightness) for split in splits)
    detector = package.build(method, in_channels=1, **options)
    start = time.process_time()
    detector.fit(train.images, seed=seed, device="cpu")
    fitted = time.process_time()
    found = detector.predict(test.images, device="cpu")
    scored = time.process_time()
    values = [
        mia_metrics.auroc(test.labels, found.score),
        mia_metrics.average_precision(test.labels, found.score),
    ]
    if test.masks is not None and found.map is not None:
        values.append(mia_metrics.pixel_ap(test.masks, found.map))
        values.append(mia_metrics.best_dice(test.masks, found.map)[0])
    cells = [name, method, str(seed), *(f"{value:.3f}" for value in values)]
    cells += [""] * (7 - len(cells))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    cells += [f"{fitted - start:.0f}", f"{scored - fitted:.0f}", f"{memory:.1f}"]
    return f"| {' | '.join(cells)} |"


def main() -> None:
    """Measure all rows."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--sets", default=SETS)
    parser.add_argument("--methods", default=METHODS)
    parser.add_argument("--seeds", default="0")
    parser.add_argument("--epochs", default="", help="METHOD=EPOCHS, separated by commas")
    parser.add_argument("--option", action="append", default=[], help="KEY=JSON, of all methods")
    parser.add_argument("--brightness", help="how images are read, see docs/data.md")
    parser.add_argument("--threads", type=int, default=2)
    given = parser.parse_args()
    shared = {key: json.loads(value) for key, value in (each.split("=") for each in given.option)}
    epochs = dict(part.split("=") for part in given.epochs.split(",") if part)
    print("| set | method | seed | AUROC | AP | pixel AP | best Dice | fit s | score s | GB |")
    print("|---|---|---|---|---|---|---|---|---|---|", flush=True)
    spawn = multiprocessing.get_context("spawn")
    for name in given.sets.split(","):
        for method in given.methods.split(","):
            for seed in map(int, given.seeds.split(",")):
                options = {
                    **shared,
                    **({"epochs": int(epochs[method])} if method in epochs else {}),
                }
                with ProcessPoolExecutor(1, mp_context=spawn) as pool:
                    row = pool.submit(measure, name, method, seed, options, given)
                    print(row.result(), flush=True)


if __name__ == "__main__":
    main()
