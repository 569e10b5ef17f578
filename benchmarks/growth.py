"""Growth of time and memory with the number of images, their size and the number of runs.

    python benchmarks/growth.py [--only images,metrics,sizes,runs] [--counts 1000,10000,100000]
                                [--sides 64,128,256,512] [--runs 10,100,1000]

Prints rows of a Markdown table. Seconds are processor time of all threads and processes together;
memory is the largest of any process. The last column is the exponent p of seconds ~ amount ** p
between the last two amounts. Before, the seconds of a very small amount are subtracted, because
nearly all of them are the start of the program.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from mia_bench.run_folder.gallery_npz import Gallery
from mia_bench.run_folder.scores_csv import read_scores, write_scores
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

PROGRAM = (sys.executable, "-m", "mia_bench")
SMALL = ("--epochs", "1", "--option", "width=4", "--option", "latent=4", "--device", "cpu")
METRICS = """
import sys, mia_metrics, numpy as np
rng, count = np.random.default_rng(0), int(sys.argv[2])
masks = np.zeros((count, 64, 64), np.uint8)
masks[::10, 20:30, 20:30] = 1
maps = rng.random(masks.shape, np.float32) + masks
pixels = sys.argv[1] == "pixel_metrics"
given = (masks, maps) if pixels else (masks.any((1, 2)), maps.mean((1, 2)))
getattr(mia_metrics, sys.argv[1])(*given)
"""
DATASETS = ("phantom", "rsna", "vincxr", "braintumor", "lag", "isic2018", "camelyon16")
METHODS = ("ae", "vae", "memae", "ganomaly", "dae", "ae-ssim", "aeu", "nsa", "pii", "fpi")


class Cost(NamedTuple):
    """Time and memory that a command took.

    Attributes:
        seconds: Of the processor.
        memory: The largest resident set, bytes.
    """

    seconds: float
    memory: int


def cost(*command: str, program: Sequence[str] = PROGRAM) -> Cost:
    """Run a command of mia-bench, or of another program, and return what it took."""
    child = subprocess.Popen([*program, *command], stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(child.pid, 0)
    if status:
        msg = f"{' '.join(command)} ended with the status {status}"
        raise SystemExit(msg)
    return Cost(used.ru_utime + used.ru_stime, used.ru_maxrss * 1024)


def draw(folder: Path, count: int, side: int) -> Path:
    """Draw noisy disks of different sizes, a thousand files a folder."""
    rng = np.random.default_rng(side)
    y, x = np.mgrid[:side, :side] - side / 2
    distance = np.hypot(y, x)
    noise = rng.normal(0, 6, (2 * side, 2 * side))
    for number in range(count):
        top, left = rng.integers(0, side, 2)
        disk = 100.0 * (distance < side * rng.uniform(0.3, 0.45)) + 20
        picture = disk + noise[top : top + side, left : left + side]
        path = folder / f"{number // 1000:03}" / f"{number:06}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture.clip(0, 255).astype(np.uint8)).save(path, compress_level=1)
    return folder


def table(
    title: str,
    amounts: Sequence[int],
    least: int,
    measure: Callable[[Path, int], dict[str, Cost]],
) -> None:
    """Measure all amounts, and print a row for each command; ``least`` is the very small one."""
    found: dict[str, list[Cost]] = {}
    for amount in (least, *amounts):
        with tempfile.TemporaryDirectory() as name:
            for command, each in measure(Path(name), amount).items():
                found.setdefault(command, []).append(each)
    print(f"\n| {title} | {' | '.join(f'{amount:,}' for amount in amounts)} | exponent |")
    print("|---" * (len(amounts) + 2) + "|")
    for command, (start, *costs) in found.items():
        cells = [f"{each.seconds:.1f} s, {each.memory / 2**20:.0f} MiB" for each in costs]
        print(f"| {command} | {' | '.join(cells)} | {exponent(amounts, costs, start):.2f} |")


def exponent(amounts: Sequence[int], costs: Sequence[Cost], start: Cost) -> float:
    """Return the exponent of growth between the last two amounts; NaN where nothing grows."""
    if len(amounts) < 2:
        return math.nan
    before, after = (each.seconds - start.seconds for each in costs[-2:])
    if min(before, after) <= 0:
        return math.nan
    return math.log(after / before) / math.log(amounts[-1] / amounts[-2])


def of_images(folder: Path, count: int) -> dict[str, Cost]:
    """Fit and score so many images of 64 x 64."""
    images, model = str(draw(folder / "images", count, 64)), str(folder / "model")
    own = ("fit", "--images", images, "--recursive", "--model", model, "--image-size", "32")
    os.environ["MIA_CACHE_DIR"] = str(folder / "cache")
    return {
        "fit `ae`, one epoch at 32 px": cost(*own, "--method", "ae", *SMALL),
        "the same again, images in the cache": cost(
            *own[:-4], "--model", f"{model}-2", *own[-2:], "--method", "ae", *SMALL
        ),
        "score": cost(
            "score", "--images", images, "--model", model, "--out", str(folder / "out"),
            "--no-heatmaps", "--device", "cpu",
        ),
    }  # fmt: skip


def of_metrics(folder: Path, count: int) -> dict[str, Cost]:
    """Compute the metrics of so many images and maps of 64 x 64, a tenth of them with a lesion."""
    here = (sys.executable, "-c", METRICS)
    return {
        f"`{name}`": cost(name, str(count), program=here)
        for name in ("image_metrics", "pixel_metrics")
    }


def of_sizes(folder: Path, side: int) -> dict[str, Cost]:
    """Fit and score 100 images of a size at that size."""
    images = str(draw(folder / "images", 100, side))
    os.environ["MIA_CACHE_DIR"] = str(folder / "cache")
    found = {}
    for method in ("ae", "synthetic-lesions"):
        size = ("--image-size", str(side), "--method", method, "--device", "cpu")
        model, out = str(folder / method), str(folder / f"{method}-out")
        epochs = ("--epochs", "1") if method == "ae" else ()
        own = ("--images", images, "--model", model)
        found[f"fit `{method}`, 100 images"] = cost("fit", *own, "--recursive", *size, *epochs)
        found[f"score by `{method}`, 100 images"] = cost("score", *own, "--out", out)
    return found


def of_runs(folder: Path, count: int) -> dict[str, Cost]:
    """Report a study of so many finished runs, copies of one with other scores."""
    one, study = folder / "one", folder / "study"
    run = ("--datasets", "phantom", "--methods", "ae", "--epochs", "1", "--device", "cpu")
    cost("run", *run, "--out", str(one))
    source = one / "phantom" / "ae" / "seed-0"
    record = json.loads((source / "run.json").read_text())
    ids, labels, scores = read_scores(source / "scores.csv")
    gallery = Gallery.load(source / "gallery.npz")
    rng = np.random.default_rng(0)
    for number in range(count):
        seed, place = divmod(number, len(DATASETS) * len(METHODS))
        dataset, method = DATASETS[place % len(DATASETS)], METHODS[place // len(DATASETS)]
        target = study / dataset / method / f"seed-{seed}"
        target.mkdir(parents=True)
        record["settings"] |= {"dataset": dataset, "label": method, "method": method, "seed": seed}
        (target / "run.json").write_text(json.dumps(record))
        changed = scores + rng.normal(0, scores.std(), scores.shape).astype(np.float32)
        write_scores(target / "scores.csv", ids, labels, changed)
        shutil.copy(source / "resamples.npz", target / "resamples.npz")
        _change(gallery, rng).save(target / "gallery.npz")
    return {"report": cost("report", str(study))}


def _change(gallery: Gallery, rng: np.random.Generator) -> Gallery:
    """Return a gallery of the same images with other maps and reconstructions."""
    noise = rng.normal(0, gallery.maps.std(), gallery.maps.shape).astype(np.float32)
    rebuilt = gallery.reconstructions
    other = np.clip(rebuilt + rng.integers(-8, 9, rebuilt.shape), 0, 255).astype(np.uint8)
    return replace(gallery, maps=gallery.maps + noise, reconstructions=other)


def whole(text: str) -> tuple[int, ...]:
    """Return the whole numbers of a list."""
    return tuple(int(part) for part in text.split(","))


def main() -> None:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="images,metrics,sizes,runs")
    parser.add_argument("--counts", type=whole, default=(1000, 10_000, 100_000))
    parser.add_argument("--sides", type=whole, default=(64, 128, 256, 512))
    parser.add_argument("--runs", type=whole, default=(10, 100, 1000))
    given = parser.parse_args()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # as after an installation
    sections = {
        "images": lambda: table("images", given.counts, 10, of_images),
        "metrics": lambda: table("images", given.counts, 10, of_metrics),
        "sizes": lambda: table("side of the images in pixels", given.sides, 64, of_sizes),
        "runs": lambda: table("runs", given.runs, 1, of_runs),
    }
    for name in given.only.split(","):
        sections[name]()


if __name__ == "__main__":
    main()
