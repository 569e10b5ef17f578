"""All measurements that need a GPU: tests, training, scoring, bf16, and several runs at once.

    python benchmarks/gpu.py [--device cuda] [--out gpu.json] [--methods ae,nsa] [--images 3851]
                             [--epochs 3] [--side 64] [--minutes 9] [--tests] [--runs 1,2,4]
                             [--precisions 32-true,bf16-mixed]

Writes JSON and prints Markdown for ``docs/performance.md``. Each method is measured in its own
process on phantom images of its own size, as many as the study trains on with RSNA:

- seconds of an epoch: the median after the first, in float32 and in bf16, and those of 250 epochs;
- images a second, while training and while scoring;
- share of the time in which the device computes, by PyTorch's profiler, in one more epoch;
- peak memory that PyTorch took on the device.

Then several trainings of ``ae`` run at once on the one device, compared with one after the other.
Anything that does not fit into ``--minutes`` is reported as not measured. The exit code is 1 if a
method failed. On a CPU you can measure everything but peak memory and the share of time.
"""

from __future__ import annotations

import argparse
import multiprocessing
import platform
import statistics
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mia_data
import mia_recon
import mia_ssl
import torch
from mia_bench.files import write_json

if TYPE_CHECKING:
    import numpy as np

ROOT = Path(__file__).parents[1]
EPOCHS = 250  # of the study
OFFLINE = {"backbone": "efficientnet-lite0"}
METHODS: dict[str, dict[str, Any]] = {
    "ae": {}, "vae": {}, "memae": {}, "ganomaly": {}, "aeu": {}, "ae-ssim": {}, "dae": {},
    "nsa": {}, "cutpaste": {}, "cutpaste-3way-2stage": {}, "anatpaste": {},
    "fae-ssim": OFFLINE, "rd": OFFLINE, "rd++": OFFLINE, "recontrast": OFFLINE, "f-anogan": {},
    "panda": OFFLINE,
    "synthetic-lesions": {}, "gaussian-features": {}, "patchcore": {}, "subspace": {},
}  # fmt: skip
PRECISIONS = ("32-true", "bf16-mixed")


@dataclass(frozen=True, kw_only=True)
class Measured:
    """Time and memory that a method took.

    Attributes:
        method: Its name.
        precision: ``"32-true"`` or ``"bf16-mixed"``.
        side: Side of its images in pixels.
        images: Number of training images.
        epochs: Epochs of a whole training: those of the study, or of the method; 0 for none.
        epoch_seconds: Of the clock, the median after the first; of the whole fit without epochs.
        scored_per_second: Images, while scoring.
        busy: Share of the time in which the device computes, from 0 to 1; None on a CPU.
        peak_memory: Bytes on the device; None on a CPU.
    """

    method: str
    precision: str
    side: int
    images: int
    epochs: int
    epoch_seconds: float
    scored_per_second: float
    busy: float | None
    peak_memory: int | None

    @property
    def fit_seconds(self) -> float:
        """Seconds of a whole training."""
        return self.epoch_seconds * max(1, self.epochs)


def package_of(method: str) -> Any:
    """Return the package that has a method."""
    return mia_ssl if method in mia_ssl.METHODS else mia_recon


def draw(split: str, side: int, count: int) -> np.ndarray:
    """Draw phantom images, uint8 (N, 1, side, side)."""
    counts = {"n_train": count, "n_normal": count // 2 or 1, "n_abnormal": count // 2 or 1}
    return mia_data.phantom(split, size=side, **counts).images


def measure(
    method: str, precision: str, *, device: str, images: int, epochs: int, side: int | None
) -> Measured:
    """Fit and score a method for a few epochs."""
    package = package_of(method)
    info = package.METHODS[method]
    side = side or info.image_size
    options = METHODS[method] | {"image_size": side, "in_channels": 1}
    if precision != "32-true":
        options["precision"] = precision
    train, test = (draw(split, side, images) for split in ("train", "test"))
    detector = package.build(method, **options)
    whole = min(info.epochs, EPOCHS)
    few = min(whole, epochs + 1)
    ends: list[float] = []
    reset_memory(device)
    start = now(device)
    detector.fit(train, epochs=few, device=device, on_epoch=lambda _: ends.append(now(device)))
    fitted = now(device)
    between = [after - before for before, after in pairwise(ends)]
    detector.predict(test, device=device)  # the first time makes its kernels
    scored = now(device)
    detector.predict(test, device=device)
    seconds = now(device) - scored
    memory = torch.cuda.max_memory_allocated() if is_cuda(device) else None
    return Measured(
        method=method,
        precision=precision,
        side=side,
        images=len(train),
        epochs=whole if whole > 1 else 0,
        epoch_seconds=statistics.median(between) if between else fitted - start,
        scored_per_second=len(test) / seconds,
        busy=busy_share(package.build(method, **options), train, device),
        peak_memory=memory,
    )


def is_cuda(device: str) -> bool:
    """Tell whether a device is a GPU of NVIDIA."""
    return device.startswith("cuda")


def now(device: str) -> float:
    """Return the time once the device has done all that it was given."""
    if is_cuda(device):
        torch.cuda.synchronize()
    return time.perf_counter()


def reset_memory(device: str) -> None:
    """Begin to measure the peak memory anew."""
    if is_cuda(device):
        torch.cuda.reset_peak_memory_stats()


def busy_share(detector: Any, images: np.ndarray, device: str) -> float | None:
    """Return the share of an epoch in which the device computes; None on a CPU."""
    if not is_cuda(device):
        return None
    from torch.profiler import ProfilerActivity, profile

    epochs = min(detector.info.epochs, 1)
    start = now(device)
    with profile(activities=[ProfilerActivity.CUDA]) as found:
        detector.fit(images, epochs=epochs, device=device)
        seconds = now(device) - start
    computing = sum(event.self_device_time_total for event in found.key_averages()) / 1e6
    return min(1.0, computing / seconds)


def train_ae(device: str, images: int, epochs: int, side: int | None, _: int) -> float:
    """Train ``ae`` once, after a first epoch; return the seconds."""
    detector = mia_recon.build("ae", image_size=side or 64)
    train = draw("train", side or 64, images)
    detector.fit(train, epochs=1, device=device)
    start = now(device)
    detector.fit(train, epochs=10 * epochs, device=device)
    return now(device) - start


def at_once(runs: int, **settings: Any) -> float:
    """Return the trainings a minute with so many at once."""
    work = partial(train_ae, *settings.values())
    with pool(runs) as workers:
        seconds = list(workers.map(work, range(runs)))
    return 60 * runs / max(seconds)


def pool(workers: int) -> ProcessPoolExecutor:
    """Return processes that start afresh."""
    return ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn"))


def run_tests() -> dict[str, str]:
    """Run the tests that need a GPU; return the last line of each package's."""
    found = {}
    for package in ("mia-recon", "mia-ssl"):
        tests = ROOT / "packages" / package / "tests"
        chosen = [str(path) for path in tests.rglob("test_*.py") if "cuda" in path.read_text()]
        command = [sys.executable, "-m", "pytest", "--import-mode=importlib", "-q", *chosen]
        ended = subprocess.run(command, capture_output=True, text=True, check=False)
        found[package] = ended.stdout.strip().rpartition("\n")[2]
    return found


def machine(device: str) -> dict[str, Any]:
    """Name the card, the processor and the versions."""
    card = torch.cuda.get_device_name() if is_cuda(device) else platform.processor() or "a CPU"
    return {"device": card, "torch": torch.__version__, "cuda": torch.version.cuda}


def table(measured: list[Measured]) -> str:
    """Return the Markdown table of the methods."""
    head = (
        "method", "side", "precision", "s an epoch", "s a training", "images/s, training",
        "images/s, scoring", "device computes", "peak memory",
    )  # fmt: skip
    lines = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    for each in measured:
        busy = "-" if each.busy is None else f"{each.busy:.0%}"
        memory = "-" if each.peak_memory is None else f"{each.peak_memory / 2**30:.1f} GiB"
        cells = (
            f"`{each.method}`", str(each.side), each.precision, f"{each.epoch_seconds:.2f}",
            f"{each.fit_seconds:.0f}", f"{each.images / each.epoch_seconds:.0f}",
            f"{each.scored_per_second:.0f}", busy, memory,
        )  # fmt: skip
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def numbers(text: str) -> tuple[int, ...]:
    """Return the whole numbers of a list."""
    return tuple(int(part) for part in text.split(","))


def main() -> int:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--out", type=Path, default=Path("gpu.json"))
    parser.add_argument("--methods", default=",".join(METHODS))
    parser.add_argument("--precisions", default=",".join(PRECISIONS))
    parser.add_argument("--images", type=int, default=3851)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--side", type=int, help="of all images (default: the methods')")
    parser.add_argument("--minutes", type=float, default=9)
    parser.add_argument("--runs", type=numbers, default=(1, 2, 4))
    parser.add_argument("--tests", action="store_true", help="run the tests that need a GPU first")
    given = parser.parse_args()
    if is_cuda(given.device) and not torch.cuda.is_available():
        parser.error(f"--device {given.device}: PyTorch finds no CUDA device here")
    unknown = sorted(set(given.methods.split(",")) - set(METHODS))
    if unknown:
        parser.error(f"--methods {','.join(unknown)}: expected some of {', '.join(METHODS)}")
    deadline = time.monotonic() + 60 * given.minutes
    facts: dict[str, Any] = {"machine": machine(given.device), "not_measured": [], "failed": {}}
    if given.tests:
        facts["tests"] = run_tests()
    how = {name: getattr(given, name) for name in ("device", "images", "epochs", "side")}
    found: list[Measured] = []
    for method in given.methods.split(","):
        trained = package_of(method).METHODS[method].epochs > 1
        for precision in given.precisions.split(",") if trained else PRECISIONS[:1]:
            if time.monotonic() > deadline:
                facts["not_measured"].append(f"{method} {precision}")
                continue
            try:
                with pool(1) as worker:
                    found.append(worker.submit(measure, method, precision, **how).result())
            except Exception as error:  # the other methods are still measured
                facts["failed"][f"{method} {precision}"] = f"{type(error).__name__}: {error}"
                continue
            print(table(found[-1:]).splitlines()[-1], flush=True)
    rates = {}
    for runs in given.runs:
        if time.monotonic() > deadline:
            facts["not_measured"].append(f"{runs} runs at once")
        else:
            rates[runs] = at_once(runs, **how)
    facts |= {"methods": [asdict(each) for each in found], "trainings_a_minute": rates}
    write_json(given.out, facts)
    print(f"\n{facts['machine']}\n\n{table(found)}\n")
    for runs, rate in rates.items():
        print(f"{runs} trainings of ae at once: {rate:.2f} a minute")
    for name in facts["not_measured"]:
        print(f"not measured for want of time: {name}")
    for name, why in facts["failed"].items():
        print(f"failed: {name}: {why}", file=sys.stderr)
    return 1 if facts["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
