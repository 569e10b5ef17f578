"""Time to score a folder, compared with the time of the network alone.

    python benchmarks/scoring.py [--root DIR] [--images 1000] [--method NAME] [--repeats N]

Fits a model to 60 images and scores a folder of JPEGs of 256 pixels with ``mia-bench score``. Then
the detector alone scores the same images, decoded and in memory. The images are those of the
dataset BrainTumor below ``--root``, or of the phantom. Prints the clock seconds and processor
seconds of both, and their ratio; those of the command include its start. Several repeats alternate,
and the smallest times count.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import mia_bench
import mia_data
import numpy as np
from mia_bench.execution.resources import keep_freed_memory
from mia_bench.inference.loaded_model import default_batch
from PIL import Image

SIDE = 256
NORMALS = 60


class Seconds(NamedTuple):
    """Time that something took, of the clock and of the processor."""

    clock: float
    processor: float


def write_images(folder: Path, root: str | None, count: int) -> tuple[Path, Path]:
    """Write JPEGs of 256 pixels, and some of them as normal ones; return both folders."""
    name = "phantom" if root is None else "braintumor"
    pictures = mia_data.load(name, "test", root=root, size=SIDE).images
    new, normal = folder / "new", folder / "normal"
    for number in range(count):
        path = new / f"{number:05}.jpg"
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(np.asarray(pictures[number % len(pictures)])[0]).save(path, quality=90)
    normal.mkdir()
    for path in sorted(new.iterdir())[:NORMALS]:
        (normal / path.name).write_bytes(path.read_bytes())
    return new, normal


def whole(model: Path, images: Path, out: Path) -> Seconds:
    """Measure the command."""
    command = (sys.executable, "-m", "mia_bench", "score", "--device", "cpu")
    paths = ("--model", model, "--images", images, "--out", out)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    subprocess.run([*command, *map(str, paths)], check=True, capture_output=True)
    clock = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return Seconds(clock, sum(after[:2]) - sum(before[:2]))


def network(model: mia_bench.LoadedModel, images: Path) -> Seconds:
    """Measure the detector alone, with the command's batches."""
    names = sorted(path.name for path in images.iterdir())
    ready = np.stack([each.image for each in model.decode(images, names)])
    detector = model.model.detector("cpu")
    batch = default_batch("cpu")
    detector.predict(ready[:batch], device="cpu")
    start = Seconds(time.perf_counter(), time.process_time())
    for first in range(0, len(ready), batch):
        detector.predict(ready[first : first + batch], device="cpu")
    return Seconds(time.perf_counter() - start.clock, time.process_time() - start.processor)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root")
    parser.add_argument("--images", type=int, default=1000)
    parser.add_argument("--method", default=None)
    parser.add_argument("--repeats", type=int, default=1)
    given = parser.parse_args()
    keep_freed_memory()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # as after an installation
    with tempfile.TemporaryDirectory() as name:
        new, normal = write_images(Path(name), given.root, given.images)
        model = Path(name) / "model"
        method = {} if given.method is None else {"method": given.method}
        mia_bench.fit(images=normal, model=model, device="cpu", **method)
        loaded = mia_bench.load_model(model, device="cpu")
        alone, command = [], []
        for repeat in range(given.repeats):
            alone.append(network(loaded, new))
            command.append(whole(model, new, Path(name) / f"out-{repeat}"))
    print("| | seconds | of the processor |\n|---|---|---|")
    least = [Seconds(*map(min, zip(*each, strict=True))) for each in (alone, command)]
    for what, each in zip(("network alone", "mia-bench score"), least, strict=True):
        print(f"| {what} | {each.clock:.1f} | {each.processor:.1f} |")
    ratios = [b / a for a, b in zip(*least, strict=True)]
    print(f"| ratio | {ratios[0]:.2f} | {ratios[1]:.2f} |")


if __name__ == "__main__":
    main()
