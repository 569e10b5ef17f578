"""Time of a CPU for the features of a frozen network, with and without what makes it faster.

    python benchmarks/frozen_network.py [--backbone efficientnet-lite2] [--threads 2] [--images 64]
                                        [--repeats 9] [--busy]

Four ways alternate: the network's own layers or the faster ones of ``frozen_layers``, each with
PyTorch's threads (four images at a time) and with parts of the batch side by side. Prints the
median time by the clock for an image of 224 x 224 pixels in batches of 16, and how many times as
fast that is as the first way. With ``--busy``, another process keeps one core busy meanwhile.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING
from unittest.mock import patch

import torch
from mia_ssl._engine.backbones import Backbone, backbone
from mia_ssl._engine.device import resolve_device

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor

WAYS = [(layers, threads) for layers in ("own", "faster") for threads in ("PyTorch's", "apart")]


def make(name: str, layers: str) -> Backbone:
    """Return a network with its own or the faster layers, read already."""
    made = Backbone(name)
    if layers == "own":
        made._source = replace(made._source, freeze=lambda _network: None)
    made(torch.zeros(1, 1, 64, 64), [0])
    return made


def features(network: Backbone, images: Tensor, threads: str) -> tuple[float, Tensor]:
    """Return the milliseconds for an image, and the last stage's features."""
    last = len(network.strides) - 1
    with ExitStack() as stack:
        stack.enter_context(torch.inference_mode())
        if threads != "apart":
            one_after_another = lambda function, parts: list(map(function, parts))  # noqa: E731
            stack.enter_context(patch.object(backbone, "side_by_side", one_after_another))
        start = time.perf_counter()
        found = [network(batch, [last])[0] for batch in images.split(16)]
        return 1000 * (time.perf_counter() - start) / len(images), torch.cat(found)


@contextmanager
def another_program() -> Iterator[None]:
    """Keep one core busy."""
    process = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        yield
    finally:
        process.kill()
        process.wait()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--backbone", default="efficientnet-lite2")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--images", type=int, default=64)
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--busy", action="store_true")
    given = parser.parse_args()
    resolve_device("cpu")  # which keeps freed memory
    torch.set_num_threads(given.threads)
    images = torch.rand(given.images, 1, 224, 224, generator=torch.Generator().manual_seed(0))
    networks = {layers: make(given.backbone, layers) for layers, _ in WAYS}
    times: dict[tuple[str, str], list[float]] = {way: [] for way in WAYS}
    with another_program() if given.busy else ExitStack():
        for _ in range(given.repeats):
            expected = None
            for layers, threads in WAYS:
                spent, got = features(networks[layers], images, threads)
                times[layers, threads].append(spent)
                expected = got if expected is None else expected
                torch.testing.assert_close(got, expected, rtol=1e-3, atol=1e-3)
    print("| layers | threads | ms an image | ratio |")
    print("|---|---|---|---|")
    first = statistics.median(times[WAYS[0]])
    for (layers, threads), each in times.items():
        middle = statistics.median(each)
        print(f"| {layers} | {threads} | {middle:.1f} | {first / middle:.2f} |")


if __name__ == "__main__":
    main()
