"""Time that each phase of fitting and scoring takes, for one method of each family.

    python benchmarks/profiles.py [--methods ae,nsa] [--images 64] [--epochs 2]

Fits each method to a folder of phantom images at its own size and scores the folder, in this
process and on one thread. Prints two rows of a Markdown table for each: processor seconds, and the
percentage of them in each phase. Phases do not overlap: the forward pass inside a training step
counts as forward pass, its backward pass does not. The last column is the speed of the network
while it scores, as a share of the fastest dense convolution on the same thread.
"""

from __future__ import annotations

import argparse
import tempfile
import threading
import time
from collections import Counter
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

import lightning_fabric
import mia_bench
import mia_data
import numpy as np
import torch
from mia_bench.execution.resources import keep_freed_memory
from mia_bench.inference import score, writer
from mia_data.decode.reader import Reader
from mia_ssl.features.methods import synthetic_lesions
from mia_ssl.one_stage import task as one_stage
from mia_ssl.two_stage import task as two_stage
from PIL import Image
from torch.utils.flop_counter import FlopCounterMode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

METHODS = "ae,nsa,cutpaste-2stage,gaussian-features,synthetic-lesions"
PHASES = ("reading", "synthesis", "forward", "backward", "optimizer", "pictures", "rest")
# Phase, and the function whose time is its.
_PLACES = (
    *(("reading", Reader, name) for name in ("read", "read_whole", "resize")),
    ("synthesis", one_stage, "paste"),
    ("synthesis", two_stage, "paste_copies"),
    ("synthesis", two_stage, "jitter_images"),
    ("synthesis", synthetic_lesions, "draw_lesions"),
    ("pictures", writer.ScoringWriter, "_draw"),
    ("pictures", writer.ScoringWriter, "add"),
    ("pictures", score, "write_page"),
)
SHORT = {"cutpaste-2stage": {"steps_per_epoch": 4, "batch_size": 16}}


class Clock:
    """Seconds of the processor in each phase, of all threads, without those of phases inside it."""

    def __init__(self) -> None:
        self.seconds: Counter[str] = Counter()
        self._here = threading.local()

    def timed(self, phase: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function, whose time counts for a phase."""

        def call(*arguments: Any, **named: Any) -> Any:
            outer = getattr(self._here, "inner", None)
            self._here.inner = 0.0
            start = time.thread_time()
            try:
                return function(*arguments, **named)
            finally:
                took = time.thread_time() - start
                self.seconds[phase] += took - self._here.inner
                self._here.inner = took + (outer or 0.0)

        return call

    @contextmanager
    def running(self) -> Iterator[None]:
        """Time the phases of what runs in the block; the rest is what no phase has."""
        optimizers = (torch.optim.Adam, torch.optim.AdamW, torch.optim.SGD)
        places = [
            *(("optimizer", each, "step") for each in optimizers),
            ("forward", torch.nn.Module, "__call__"),
            ("backward", lightning_fabric.Fabric, "backward"),
            ("backward", torch.Tensor, "backward"),
            *_PLACES,
        ]
        self.seconds.clear()
        with ExitStack() as stack:
            for phase, owner, name in places:
                timed = self.timed(phase, getattr(owner, name))
                stack.enter_context(mock.patch.object(owner, name, timed))
            start = time.process_time()
            yield
            whole = time.process_time() - start
        self.seconds["rest"] = whole - sum(self.seconds.values())


def peak() -> float:
    """Return the floating-point operations a second of a dense convolution, on one thread.

    PyTorch's matrix product is no measure: on some processors its library leaves the widest vectors
    unused, which convolutions do not.
    """
    cells, channels = 16 * 28 * 28, 512
    images = torch.rand(16, channels, 28, 28).to(memory_format=torch.channels_last)
    filters = torch.rand(channels, channels, 1, 1)
    seconds = []
    with torch.inference_mode():
        for _ in range(40):
            start = time.thread_time()
            torch.conv2d(images, filters)
            seconds.append(time.thread_time() - start)
    return 2 * cells * channels**2 / min(seconds)


def operations(model: Path) -> float:
    """Return the floating-point operations of the convolutions and products that score an image."""
    loaded = mia_bench.load_model(model, device="cpu")
    rules = loaded.model.preprocessing
    image = np.zeros((rules.size, rules.size, *(() if rules.channels == 1 else (3,))), np.uint8)
    with FlopCounterMode(display=False) as counter:
        loaded.score(image)
    return float(counter.get_total_flops())


def row(name: str, clock: Clock, share: str) -> str:
    """Return a row of the table."""
    whole = sum(clock.seconds.values())
    shares = [f"{100 * clock.seconds[phase] / whole:.0f}" for phase in PHASES]
    return f"| {name} | {whole:.1f} | {' | '.join(shares)} | {share} |"


def main() -> None:
    """Fit, score and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--methods", default=METHODS)
    parser.add_argument("--images", type=int, default=64)
    parser.add_argument("--epochs", type=int, default=2)
    given = parser.parse_args()
    torch.set_num_threads(1)
    keep_freed_memory()
    fastest = peak()
    print(f"Fastest convolution on one thread: {fastest / 1e9:.0f} GFLOP/s\n")
    print(f"| | seconds | {' | '.join(f'{phase} %' for phase in PHASES)} | of peak |")
    print("|---" * (3 + len(PHASES)) + "|")
    with tempfile.TemporaryDirectory() as name:
        images = Path(name) / "images"
        images.mkdir()
        pictures = mia_data.load("phantom", "train", size=256, cache_dir=name).images
        for number in range(given.images):
            shown = np.asarray(pictures[number % len(pictures)])[0]
            Image.fromarray(shown).save(images / f"{number:04}.png")
        clock = Clock()
        for method in given.methods.split(","):
            model, options = Path(name) / method, SHORT.get(method, {})
            with clock.running():
                mia_bench.fit(
                    images=images, model=model, method=method, device="cpu",
                    epochs=given.epochs, options=options,
                )  # fmt: skip
            print(row(f"fit `{method}`", clock, ""), flush=True)
            needed = operations(model) * given.images / fastest
            with clock.running():
                mia_bench.score(images=images, model=model, out=Path(name) / "out", device="cpu")
            share = needed / clock.seconds["forward"] if clock.seconds["forward"] else 0
            print(row(f"score by `{method}`", clock, f"{100 * share:.0f} %"), flush=True)


if __name__ == "__main__":
    main()
