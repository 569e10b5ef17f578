"""Short trainings on pasted anomalies, several seeds each, for a table of parity.md.

    python benchmarks/pasting_training.py run results.jsonl --root DIR  # continues where it stopped
    python benchmarks/pasting_training.py table before.jsonl after.jsonl

``run`` uses the installed version of mia-ssl and only the parts that all versions share, so that
you can compare two versions. Schedules are far shorter than the study's: 64 x 64 pixels, 16
originals a step, 600 steps of a one-stage method and 240 of a two-stage one.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from pathlib import Path

import mia_data
import mia_metrics
import mia_ssl
import torch

SIZE, BATCH = 64, 16
ONE_STAGE_STEPS = 600
TWO_STAGE = {"epochs": 6, "steps_per_epoch": 40}
MEASURES = ("auroc", "ap", "pixel_ap")


def read(name: str, split: str, root: Path, info: mia_ssl.MethodInfo) -> mia_data.ImageSet:
    """Read a set as the method sees it, but for its size."""
    how = {"size": SIZE, "resize": info.resize, "channels": info.channels}
    if hasattr(info, "resample"):  # later than the first version
        how["resample"] = info.resample
    if name in mia_data.names():
        return mia_data.load(name, split, root=root, **how)
    return mia_data.from_folder(root / name, split, **how)


def train(name: str, method: str, seed: int, root: Path) -> dict[str, float]:
    """Train one method and measure it on the set's test images."""
    info = mia_ssl.METHODS[method]
    images, test = (read(name, split, root, info) for split in ("train", "test"))
    options = {"image_size": SIZE, "batch_size": BATCH, "in_channels": info.channels}
    if info.family == "two-stage":
        detector, epochs = mia_ssl.build(method, **options, **TWO_STAGE), TWO_STAGE["epochs"]
    else:
        detector = mia_ssl.build(method, **options)
        epochs = round(ONE_STAGE_STEPS / -(-len(images) // BATCH))
    start = time.perf_counter()
    detector.fit(images.images, epochs=epochs, seed=seed, device="cpu")
    seconds = time.perf_counter() - start
    found = detector.predict(test.images, device="cpu")
    values = {
        "auroc": mia_metrics.auroc(test.labels, found.score),
        "ap": mia_metrics.average_precision(test.labels, found.score),
        "seconds": seconds,
    }
    if test.masks is not None and info.family == "one-stage":
        values["pixel_ap"] = mia_metrics.pixel_ap(test.masks, found.map)
    return values


def run(given: argparse.Namespace) -> None:
    """Train what the file does not hold yet, and add a line for each training."""
    torch.set_num_threads(given.threads)
    lines = given.results.read_text().splitlines() if given.results.exists() else []
    done = {tuple(json.loads(line)["key"]) for line in lines}
    for seed in map(int, given.seeds.split(",")):
        for method in given.methods.split(","):
            for name in given.sets.split(","):
                if (name, method, seed) in done:
                    continue
                row = {"key": (name, method, seed), **train(name, method, seed, given.root)}
                with given.results.open("a") as file:
                    file.write(json.dumps(row) + "\n")
                print(row, flush=True)


def table(given: argparse.Namespace) -> None:
    """Print mean and deviation over the seeds, a column for each file and measure."""
    groups: list[dict[tuple[str, str], list[dict]]] = []
    for path in given.results:
        groups.append({})
        for line in path.read_text().splitlines():
            row = json.loads(line)
            groups[-1].setdefault(tuple(row["key"][:2]), []).append(row)
    titles = [f"{measure}, {path.stem}" for measure in MEASURES for path in given.results]
    print(f"| set | method | seeds | {' | '.join(titles)} |")
    print("|---" * (len(titles) + 3) + "|")
    for key in groups[0]:
        cells = []
        for measure in MEASURES:
            for group in groups:
                values = [row[measure] for row in group.get(key, []) if measure in row]
                deviation = f" ± {statistics.stdev(values):.3f}" if len(values) > 1 else ""
                cells.append(f"{statistics.mean(values):.3f}{deviation}" if values else "")
        print(f"| {' | '.join([*key, str(len(groups[0][key])), *cells])} |")


def main() -> None:
    """Train, or print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(required=True)
    training = commands.add_parser("run")
    training.add_argument("results", type=Path)
    training.add_argument("--root", type=Path, required=True)
    training.add_argument("--sets", default="brats2021,LGG")
    training.add_argument("--methods", default="cutpaste-3way-2stage,nsa,pii")
    training.add_argument("--seeds", default="0,1,2")
    training.add_argument("--threads", type=int, default=1)
    training.set_defaults(do=run)
    printing = commands.add_parser("table")
    printing.add_argument("results", type=Path, nargs="+")
    printing.set_defaults(do=table)
    given = parser.parse_args()
    given.do(given)


if __name__ == "__main__":
    main()
