"""Parts of a batch computed in several threads of a CPU at a time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

import torch

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_Part = TypeVar("_Part")
_Result = TypeVar("_Result")


def side_by_side(function: Callable[[_Part], _Result], parts: Sequence[_Part]) -> list[_Result]:
    """Return the function's result for each part, computed without gradients.

    PyTorch divides each operation between its threads, which wait for one another after it. Where
    another program holds one of the cores, a network of many small operations then takes longer
    than with one thread. Here each thread takes whole parts. The threads are as many as the
    caller's operations would have; inference mode and the precision of autocast are the caller's.

    Args:
        function: Changes nothing that several threads share.
        parts: Its arguments.
    """
    threads = torch.get_num_threads()
    workers = min(threads, len(parts))
    if workers <= 1:
        with torch.no_grad():
            return [function(part) for part in parts]
    inference = torch.is_inference_mode_enabled()
    rounded = torch.is_autocast_enabled("cpu")
    precision = torch.get_autocast_dtype("cpu")

    def call(part: _Part) -> _Result:
        with (
            torch.inference_mode(inference),
            torch.set_grad_enabled(False),
            torch.autocast("cpu", precision, enabled=rounded),
        ):
            return function(part)

    try:
        with ThreadPoolExecutor(
            workers, initializer=torch.set_num_threads, initargs=(threads // workers,)
        ) as pool:
            return list(pool.map(call, parts))
    finally:
        # A thread's number is also that of threads that start later.
        torch.set_num_threads(threads)
