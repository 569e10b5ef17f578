"""Runs on this machine, in processes of their own."""

from __future__ import annotations

import multiprocessing
import multiprocessing.connection
import os
import threading
import time
from typing import TYPE_CHECKING

from pebble import ProcessExpired, ProcessPool

from mia_bench.execute import execute
from mia_bench.files import write_json
from mia_bench.runfolder import RunFolder, State

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from concurrent.futures import Future
    from pathlib import Path

    from mia_bench.display import Display
    from mia_bench.plan import Run

POLL_SECONDS = 0.2


def run_local(
    runs: Sequence[Run],
    out: Path,
    *,
    roots: Mapping[str, str | None],
    device: str,
    jobs: int,
    display: Display,
) -> dict[str, State]:
    """Do the runs, ``jobs`` at a time; each one's state by name.

    A run lives in a worker process: one that is killed for its memory fails alone.
    """
    pool = ProcessPool(
        max_workers=min(jobs, max(1, len(runs))),
        context=multiprocessing.get_context("spawn"),  # a fork would copy torch's threads' locks
        initializer=_start_worker,
        initargs=(max(1, (os.cpu_count() or 1) // jobs),),
    )
    states: dict[str, State] = {}
    try:
        waiting = [
            (run, pool.schedule(execute, (run, out, roots[run.dataset], device))) for run in runs
        ]
        while waiting:
            time.sleep(POLL_SECONDS)
            for run, future in waiting:
                folder = RunFolder(out / run.name)
                if future.done():
                    states[run.name] = _outcome(run, future, folder)
                    display.ended(run.name, states[run.name], note(folder, states[run.name]))
                elif future.running() and (reached := folder.read_progress()):
                    display.progress(run.name, **reached)
            waiting = [(run, future) for run, future in waiting if run.name not in states]
        pool.close()
    except BaseException:
        pool.stop()  # Ctrl-C: what is finished is on disk, what is in flight has its checkpoint
        raise
    finally:
        pool.join()
    return states


def note(folder: RunFolder, state: State) -> str:
    """A few words on how a run ended."""
    if state is State.FINISHED:
        result = folder.read_result()
        seconds = sum(result["seconds"].values())
        return f"AUROC {result['metrics']['auroc']:.3f}  {seconds:.0f} s"
    if state is State.FAILED:
        return str(folder.read_failure()["error"]) if folder.failure.exists() else "see log.txt"
    return "another process is doing it"


def _outcome(run: Run, future: Future[State], folder: RunFolder) -> State:
    try:
        return future.result()
    except ProcessExpired as error:
        text = f"the process ended with exit code {error.exitcode}"
        if error.exitcode == -9:
            text += ": killed, by the system where memory ran out"
        write_json(folder.failure, {"settings": run.settings(), "error": text})
        return State.FAILED
    except OSError:  # not even the failure could be written, as on a full disk
        return State.FAILED


def _start_worker(threads: int) -> None:
    """Share the cores between the workers, and end with the study's process however that ends."""
    # Read when the first run imports torch. Threads that wait by spinning make training many times
    # slower as soon as something else uses the processor too.
    os.environ.setdefault("OMP_NUM_THREADS", str(threads))
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    threading.Thread(target=_die_with_parent, daemon=True).start()


def _die_with_parent() -> None:
    """A worker that outlived a killed study would go on, and keep its run from the next one."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        multiprocessing.connection.wait([parent.sentinel])
        os._exit(1)
