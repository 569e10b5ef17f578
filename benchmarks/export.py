"""Difference between the scores of exported models and PyTorch's, and the speed of both.

    python benchmarks/export.py --root FOLDER [--dataset braintumor] [--methods ae,nsa]
                                [--threads 2]

Each method is fitted to a few images of a dataset for one epoch, at its own size. Then
``mia_bench.export_model`` exports it and compares scores and maps on other images of the dataset.
Finally both score the same 16 images; the best of several times counts. Prints a row of a Markdown
table for each method; ``docs/deploy.md`` has the figures. If ImageNet weights would have to be
downloaded, the network is EfficientNet-Lite0 or has random weights.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mia_bench
import mia_data
import mia_recon
import mia_ssl
import numpy as np
import onnxruntime
import torch
import torchvision
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Callable

METHODS = {**mia_recon.METHODS, **mia_ssl.METHODS}
TRAIN, CALIBRATE, TEST = 16, 24, 16
REPEATS, LEAST_SECONDS = 5, 2  # of each side; the least time counts
LITE = {"backbone": "efficientnet-lite0"}
OPTIONS: dict[str, dict[str, Any]] = {
    "ae-perceptual": LITE,
    "fae-mse": {**LITE, "steps_per_epoch": 2},
    "fae-ssim": {**LITE, "steps_per_epoch": 2},
    "rd": {**LITE, "steps_per_epoch": 2},
    "rd++": {**LITE, "steps_per_epoch": 2},
    "recontrast": {**LITE, "steps_per_epoch": 2},
    "f-anogan": {"width": 16, "steps_per_epoch": 2},
    "anoddpm": {"width": 32, "ddim_steps": 2},
    "anoddpm-simplex": {"width": 32, "ddim_steps": 2},
    "autoddpm": {"width": 32, "ddim_steps": 2},
    "panda": LITE,
    "msc": LITE,
}


def options_of(method: str, folder: Path) -> dict[str, Any]:
    """Return the options of a short training without downloads."""
    info = METHODS[method]
    options = {"batch_size": 8, **OPTIONS.get(method, {})}
    if info.family == "two-stage":
        options["steps_per_epoch"] = 2
    if method == "resnet18-imagenet":
        path = folder / "random-resnet18.pt"
        torch.manual_seed(0)
        torch.save(torchvision.models.resnet18().state_dict(), path)
        options["weights"] = str(path)
    return options


def write_images(dataset: str, root: Path, folder: Path) -> None:
    """Write images as PNG files: normal ones to train and calibrate on, and test images."""
    how = {"root": root, "size": 256, "channels": 1}
    train, test = (mia_data.load(dataset, split, **how) for split in ("train", "test"))
    # Some are there twice, which calibration images must not be.
    different = list({image.tobytes(): image for image in train.images[: 4 * CALIBRATE]}.values())
    parts = {
        "train": different[:TRAIN],
        "calibration": different[TRAIN : TRAIN + CALIBRATE],
        "test": test.images[:: len(test.images) // TEST][:TEST],
    }
    for name, images in parts.items():
        (folder / name).mkdir()
        for number, image in enumerate(images):
            Image.fromarray(image[0]).save(folder / name / f"{number:03}.png")


def seconds(score: Callable[[], object]) -> float:
    """Return the least of several times, after one that counts for nothing."""
    score()
    times: list[float] = []
    while len(times) < REPEATS or sum(times) < LEAST_SECONDS:
        start = time.perf_counter()
        score()
        times.append(time.perf_counter() - start)
    return min(times)


def row_of(method: str, folder: Path, threads: int) -> str:
    """Fit, export and time a method; return its row."""
    info = METHODS[method]
    model, out = folder / f"model-{method}", folder / f"{method}.onnx"
    fitted = mia_bench.fit(
        images=folder / "train",
        model=model,
        method=method,
        calibration=folder / "calibration",
        channels=1,
        epochs=min(info.epochs, 1),
        options=options_of(method, folder),
        device="cpu",
    )
    start = time.perf_counter()
    try:
        done = mia_bench.export_model(model, out, images=folder / "test")
    except (mia_bench.StudyError, mia_bench.RunsFailedError) as error:
        reason = str(error).partition("forward pass: ")[2] or str(error)
        return f"| {method} | no: {reason} | | | | | | |"
    took = time.perf_counter() - start
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(out, settings, providers=["CPUExecutionProvider"])
    side = fitted.preprocessing.size
    images = np.random.default_rng(0).integers(0, 256, (TEST, 1, side, side), np.uint8)
    detector = fitted.detector("cpu")
    by_torch = seconds(lambda: detector.predict(images, device="cpu"))
    by_onnx = seconds(lambda: session.run(None, {"images": images}))
    off = done.differences
    cells = [
        method,
        "yes",
        f"{off.score:.0e}",
        "" if off.map is None else f"{off.map:.0e}",
        f"{done.bytes / 1e6:.0f}",
        f"{took:.0f}",
        f"{1000 * by_torch / TEST:.1f}",
        f"{1000 * by_onnx / TEST:.1f}",
    ]
    return f"| {' | '.join(cells)} |"


def main() -> None:
    """Measure all rows."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--dataset", default="braintumor")
    parser.add_argument("--methods", default=",".join(METHODS))
    parser.add_argument("--threads", type=int, default=2)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    print(f"onnxruntime {onnxruntime.__version__}, PyTorch {torch.__version__}, ", end="")
    print(f"{given.threads} threads")
    print("| method | exported | scores off | maps off | MB | export s | PyTorch ms | ORT ms |")
    print("|---|---|---|---|---|---|---|---|", flush=True)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        os.environ["MIA_CACHE_DIR"] = str(folder / "cache")
        write_images(given.dataset, given.root, folder)
        for method in given.methods.split(","):
            print(row_of(method, folder, given.threads), flush=True)


if __name__ == "__main__":
    main()
