"""Executor of runs on this machine, each in a worker process."""

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
from mia_bench.execution.execute import execute
from mia_bench.execution.outcome import RunOutcome, describe_outcome, record_failure
from mia_bench.execution.resources import (
    available_cores,
    environment_variables,
    import_settings,
    memory_settings,
    share_gpus,
    thread_settings,
    visible_gpus,
)
from mia_bench.run_folder.folder import RunFolder, State
from mia_bench.study.images import read_datasets

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from concurrent.futures import Future
    from pathlib import Path

    from mia_bench.study.executor_options import ExecutorOptions
    from mia_bench.study.plan import Run
    from mia_bench.terminal.progress import ProgressDisplay
    from mia_bench.tracking import Tracker

POLL_SECONDS = 0.2


class LocalExecutor:
    """Executor with worker processes on this machine, some of which may share a GPU."""

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

    def prepare(self, runs: Sequence[Run]) -> None:
        """Read every split once; the decoded images stay in mia-data's cache."""
        read_datasets(runs)

    def run(
        self,
        runs: Sequence[Run],
        out: Path,
        *,
        trackers: Sequence[Tracker] = (),
        display: ProgressDisplay,
    ) -> dict[str, RunOutcome]:
        """Do the runs, ``jobs`` at a time; return the outcome of each by name.

        Each is done by a worker process: one that is killed for its memory fails alone. Each
        worker sees its own GPU and no other.
        """
        outcomes: dict[str, RunOutcome] = {}
        waiting = deque(runs)
        started: dict[Future[State], tuple[Run, ProcessPool]] = {}
        threads = max(1, int(self._cpus or available_cores() / self._jobs))
        settings = thread_settings(threads, insist=self._cpus is not None)
        gpus = (self._gpus or [None] * self._jobs)[: len(runs)]
        settings |= memory_settings() | import_settings()
        with environment_variables(settings), _workers(gpus) as free:
            while waiting or started:
                while waiting and free:
                    run, worker = waiting.popleft(), free.pop()
                    task = (run, out, self._device, tuple(trackers))
                    started[worker.schedule(execute, task)] = run, worker
                done, _ = wait(started, timeout=POLL_SECONDS, return_when=FIRST_COMPLETED)
                for future in done:
                    run, worker = started.pop(future)
                    free.append(worker)
                    folder = RunFolder(out / run.name)
                    outcomes[run.name] = _get_outcome(run, future, folder)
                    display.show_end(run.name, *outcomes[run.name])
                for run, _ in started.values():
                    if reached := RunFolder(out / run.name).read_progress():
                        display.show_progress(run.name, reached)
        return outcomes


@contextmanager
def _workers(gpus: Sequence[str | None]) -> Iterator[list[ProcessPool]]:
    """Start a worker for each GPU, or for None without one; all end with the block."""
    workers = [_make_worker(gpu) for gpu in gpus]
    try:
        yield list(workers)
        for worker in workers:
            worker.close()
    except BaseException:
        # Ctrl-C: what is finished is on disk, runs that have started have their checkpoints.
        for worker in workers:
            worker.stop()
        raise
    finally:
        for worker in workers:
            worker.join()


def _make_worker(gpu: str | None) -> ProcessPool:
    """Return a pool of one process, which is started again if it dies."""
    return ProcessPool(
        max_workers=1,
        context=multiprocessing.get_context("spawn"),  # a fork would copy torch's threads' locks
        initializer=_start_worker,
        initargs=(gpu,),
    )


def _get_outcome(run: Run, future: Future[State], folder: RunFolder) -> RunOutcome:
    """Return how a run ended."""
    try:
        state = future.result()
    except ProcessExpired as error:
        text = f"the process ended with exit code {error.exitcode}"
        if error.exitcode == -9:
            text += ": killed, by the system where memory ran out"
        state = record_failure(run, folder, text)
    except OSError as error:  # not even the failure could be written, as on a full disk
        return RunOutcome(State.FAILED, str(error))
    return RunOutcome(state, describe_outcome(folder, state))


def _start_worker(gpu: str | None) -> None:
    """Show the worker one GPU only, and end it with the study's process however that ends."""
    if gpu is not None:
        os.environ["CUDA_VISIBLE_DEVICES"] = gpu  # read when CUDA starts, with the first tensor
    threading.Thread(target=_exit_with_parent, daemon=True).start()


def _exit_with_parent() -> None:
    """Exit as soon as the parent has; the worker would keep its run from the next study."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        multiprocessing.connection.wait([parent.sentinel])
        os._exit(1)
