"""Runs on this machine, in processes of their own."""

from __future__ import annotations

import multiprocessing
import multiprocessing.connection
import os
import threading
from collections import deque
from concurrent.futures import FIRST_COMPLETED, wait
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pebble import ProcessExpired, ProcessPool

from mia_bench.device import resolve_device
from mia_bench.execution.execute import execute, read_datasets
from mia_bench.execution.outcome import Ended, fail, note
from mia_bench.execution.resources import (
    cores,
    environment,
    kept_memory,
    share_gpus,
    thread_settings,
    visible_gpus,
)
from mia_bench.run_folder.folder import RunFolder, State

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from concurrent.futures import Future
    from pathlib import Path

    from mia_bench.study.executor_options import ExecutorOptions
    from mia_bench.study.plan import Run
    from mia_bench.terminal.progress import Display
    from mia_bench.tracking import Tracker

POLL_SECONDS = 0.2


class LocalExecutor:
    """Worker processes on this machine, some of which may share a GPU."""

    def __init__(self, options: ExecutorOptions, device: str) -> None:
        self._device = resolve_device(device)
        self._jobs = options.jobs or 1
        self._cpus = options.cpus_per_run
        # A device with a number was chosen by hand.
        self._gpus: list[str | None] = (
            [*share_gpus(visible_gpus(), self._jobs, options.gpus_per_run)]
            if self._device == "cuda"
            else []
        )

    def prepare(self, runs: Sequence[Run], roots: Mapping[str, str | None]) -> None:
        """Read every split once; the decoded images stay in mia-data's cache."""
        read_datasets(runs, roots)

    def run(
        self,
        runs: Sequence[Run],
        out: Path,
        *,
        roots: Mapping[str, str | None],
        trackers: Sequence[Tracker] = (),
        display: Display,
    ) -> dict[str, Ended]:
        """Do the runs, ``jobs`` at a time; how each ended by name.

        A run lives in a worker process: one that is killed for its memory fails alone. Each worker
        sees its own GPU and no other.
        """
        ends: dict[str, Ended] = {}
        left = deque(runs)
        flying: dict[Future[State], tuple[Run, ProcessPool]] = {}
        threads = max(1, int(self._cpus or cores() / self._jobs))
        settings = thread_settings(threads, insist=self._cpus is not None)
        gpus = (self._gpus or [None] * self._jobs)[: len(runs)]
        with environment(settings | kept_memory()), _workers(gpus) as free:
            while left or flying:
                while left and free:
                    run, worker = left.popleft(), free.pop()
                    task = (run, out, roots[run.dataset], self._device, tuple(trackers))
                    flying[worker.schedule(execute, task)] = run, worker
                done, _ = wait(flying, timeout=POLL_SECONDS, return_when=FIRST_COMPLETED)
                for future in done:
                    run, worker = flying.pop(future)
                    free.append(worker)
                    folder = RunFolder(out / run.name)
                    ends[run.name] = _outcome(run, future, folder)
                    display.ended(run.name, *ends[run.name])
                for run, _ in flying.values():
                    if reached := RunFolder(out / run.name).read_progress():
                        display.progress(run.name, **reached)
        return ends


@contextmanager
def _workers(gpus: Sequence[str | None]) -> Iterator[list[ProcessPool]]:
    """A worker for each of the GPUs, or for None without one; all have ended with the block."""
    workers = [_worker(gpu) for gpu in gpus]
    try:
        yield list(workers)
        for worker in workers:
            worker.close()
    except BaseException:
        # Ctrl-C: what is finished is on disk, what is in flight has its checkpoint.
        for worker in workers:
            worker.stop()
        raise
    finally:
        for worker in workers:
            worker.join()


def _worker(gpu: str | None) -> ProcessPool:
    """A pool of one process, which starts anew where it dies."""
    return ProcessPool(
        max_workers=1,
        context=multiprocessing.get_context("spawn"),  # a fork would copy torch's threads' locks
        initializer=_start_worker,
        initargs=(gpu,),
    )


def _outcome(run: Run, future: Future[State], folder: RunFolder) -> Ended:
    """How a run ended."""
    try:
        state = future.result()
    except ProcessExpired as error:
        text = f"the process ended with exit code {error.exitcode}"
        if error.exitcode == -9:
            text += ": killed, by the system where memory ran out"
        state = fail(run, folder, text)
    except OSError as error:  # not even the failure could be written, as on a full disk
        return Ended(State.FAILED, str(error))
    return Ended(state, note(folder, state))


def _start_worker(gpu: str | None) -> None:
    """See one GPU only, and end with the study's process however that ends."""
    if gpu is not None:
        os.environ["CUDA_VISIBLE_DEVICES"] = gpu  # read when CUDA starts, with the first tensor
    threading.Thread(target=_die_with_parent, daemon=True).start()


def _die_with_parent() -> None:
    """A worker that outlived a killed study would go on, and keep its run from the next one."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        multiprocessing.connection.wait([parent.sentinel])
        os._exit(1)
