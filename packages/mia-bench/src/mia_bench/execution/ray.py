"""Executor of runs on a Ray cluster: each is a task that Ray starts again if its node dies."""

from __future__ import annotations

import logging
import os
import re
import secrets
import socket
import sys
import warnings
from contextlib import contextmanager, redirect_stdout
from typing import TYPE_CHECKING, Any

import ray
from ray.exceptions import RayError, RayTaskError
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from mia_bench.device import parse_device
from mia_bench.errors import StudyError
from mia_bench.execution import ray_worker
from mia_bench.execution.outcome import RunOutcome, describe_outcome, record_failure
from mia_bench.execution.ray_worker import VERSION, DriverFolder, TaskResult
from mia_bench.execution.resources import available_cores
from mia_bench.execution.transfer import RunLocks, write_files
from mia_bench.files import write_text
from mia_bench.run_folder.folder import RunFolder, State

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from mia_bench.study.executor_options import ExecutorOptions
    from mia_bench.study.plan import Run
    from mia_bench.terminal.progress import ProgressDisplay
    from mia_bench.tracking import Tracker

CONNECT_SECONDS = 10
POLL_SECONDS = 0.5


@contextmanager
def open_ray(options: ExecutorOptions, device: str) -> Iterator[RayExecutor]:
    """Join a cluster, or start one on this machine that ends with the block.

    Raises:
        StudyError: No cluster at the address, or a device that cannot be had there.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # a study is nobody else's business
    started_here = not ray.is_initialized()
    # Ray prints which nodes died on stdout, which is for the results.
    with redirect_stdout(sys.stderr):
        if started_here:
            _connect(options.address or os.environ.get("RAY_ADDRESS") or "local")
        try:
            yield RayExecutor(options, device)
        finally:
            if started_here:
                ray.shutdown()


def check_address(address: str) -> None:
    """Refuse an address where nobody listens; Ray itself would try for many minutes.

    Raises:
        StudyError: Not an address, or no answer.
    """
    if address in ("auto", "local"):
        return
    parts = re.fullmatch(r"(?:ray://)?([^/:]+):(\d+)", address)
    if parts is None:
        msg = f"expected the Ray address HOST:PORT, ray://HOST:PORT, auto or local, got {address!r}"
        raise StudyError(msg)
    try:
        socket.create_connection((parts[1], int(parts[2])), timeout=CONNECT_SECONDS).close()
    except (OSError, OverflowError) as error:
        msg = f"no Ray cluster answers at {address!r}: {error}"
        raise StudyError(msg) from error


def _connect(address: str) -> None:
    check_address(address)
    own: dict[str, Any] = {"num_cpus": available_cores(), "include_dashboard": False}
    try:
        ray.init(
            address=address,
            log_to_driver=False,  # a run's output is in its log.txt
            logging_level=logging.ERROR,
            **(own if address == "local" else {}),
        )
    except (OSError, ValueError, RuntimeError) as error:
        msg = f"no Ray cluster can be used at {address!r}: {error}"
        raise StudyError(msg) from error


class RayExecutor:
    """Executor that sends each run to the cluster as a task."""

    def __init__(self, options: ExecutorOptions, device: str) -> None:
        cpus, gpus = options.cpus_per_run, options.gpus_per_run
        if gpus is None:
            wanted = parse_device(device)[0] in ("auto", "cuda")
            gpus = 1 if wanted and ray.cluster_resources().get("GPU", 0) else 0
        self._device = choose_device(device, gpus)
        self._threads = None if cpus is None else max(1, int(cpus))
        self._fetch = options.fetch
        needs = {"num_cpus": 1 if cpus is None else cpus, "num_gpus": gpus}
        _warn_without_room(**needs)
        # A run's own error would come again: it is recorded, and not tried once more.
        self._how = {**needs, "max_retries": options.retries, "retry_exceptions": False}

    def prepare(self, runs: Sequence[Run]) -> None:
        """Read every split on one of the nodes, with what a run will have there.

        Raises:
            StudyError: A device that is not there, another mia-bench, or a node that died.
            DataError: A dataset that is missing or damaged.
        """
        task = _task(ray_worker.prepare).options(**self._how)
        try:
            ray.get(task.remote(list(runs), self._device, VERSION))
        except RayTaskError as error:
            raise error.cause from error
        except RayError as error:
            msg = f"no node could read the datasets: {first_line(error)}"
            raise StudyError(msg) from error

    def run(
        self,
        runs: Sequence[Run],
        out: Path,
        *,
        trackers: Sequence[Tracker] = (),
        display: ProgressDisplay,
    ) -> dict[str, RunOutcome]:
        """Do the runs, as many at a time as there is room for; return the outcomes by name."""
        driver = DriverFolder(out.resolve(), secrets.token_hex(8))
        collector = _start_collector()
        task = _task(ray_worker.do_run)
        started: dict[Any, Run] = {}
        try:
            write_text(driver.mark, "where a Ray cluster's nodes see this, they share the folder\n")
            for run in runs:
                sent = task.options(name=run.name, **self._how).remote(
                    run,
                    driver,
                    device=self._device,
                    threads=self._threads,
                    trackers=tuple(trackers),
                    fetch=self._fetch,
                    collector=collector,
                )
                started[sent] = run
            return wait_for_runs(started, collector, driver, display)
        finally:
            # Ctrl-C: what is finished is on disk; in a shared folder the rest has its checkpoint.
            for sent in started:
                ray.cancel(sent, force=True)
            ray.kill(collector)
            driver.mark.unlink(missing_ok=True)


def _task(function: Any) -> Any:
    """Return a function that runs on the cluster; Ray's types know no keyword arguments."""
    return ray.remote(function)


def choose_device(device: str, gpus: float) -> str:
    """Return the device of a run that gets this share of a GPU.

    Raises:
        StudyError: A GPU that Ray does not give, or one by its number, which Ray chooses.
    """
    kind, number = parse_device(device)
    if kind == "auto":
        return "cuda" if gpus else "cpu"
    if kind == "cuda" and number is not None:
        msg = f"expected device to be cuda, since Ray chooses which GPU a run sees, got {device!r}"
        raise StudyError(msg)
    if kind == "cuda" and not gpus:
        msg = "device 'cuda' is not there: the cluster has no GPU, or gpus_per_run is 0"
        raise StudyError(msg)
    return device


def _warn_without_room(num_cpus: float, num_gpus: float) -> None:
    """Warn that nothing starts yet; a cluster that grows may get such a node later."""
    nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    if not any(n.get("CPU", 0) >= num_cpus and n.get("GPU", 0) >= num_gpus for n in nodes):
        text = f"no node of the Ray cluster has {num_cpus:g} CPUs and {num_gpus:g} GPUs for a run"
        warnings.warn(f"{text}: waiting for one to join", stacklevel=2)


def _start_collector() -> Any:
    """Start the progress collector on the driver's node, so that it does not die with another."""
    here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
    collector: Any = ray.remote(ray_worker.ProgressCollector)
    return collector.options(num_cpus=0, scheduling_strategy=here).remote()


def wait_for_runs(
    started: dict[Any, Run], collector: Any, driver: DriverFolder, display: ProgressDisplay
) -> dict[str, RunOutcome]:
    """Wait for all tasks and return their outcomes; takes those that ended out of ``started``."""
    outcomes: dict[str, RunOutcome] = {}
    locks = RunLocks(driver.out)

    def end(task: Any, result: TaskResult) -> None:
        run = started.pop(task)
        outcomes[run.name] = RunOutcome(result.state, result.note)
        display.show_end(run.name, *outcomes[run.name])
        locks.release(run.name)

    try:
        while started:
            done, _ = ray.wait(list(started), timeout=POLL_SECONDS)
            for task in done:
                end(task, _collect(started[task], task, driver.out, locks))
            latest = ray.get(collector.read.remote())
            for task, run in list(started.items()):
                if run.name not in latest:
                    continue
                display.show_progress(run.name, latest[run.name].progress)
                if latest[run.name].is_elsewhere and not locks.acquire(run.name):
                    ray.cancel(task, force=True)
                    end(task, _done_by_another(run, driver.out))
    finally:
        locks.release()
    return outcomes


def _collect(run: Run, task: Any, out: Path, locks: RunLocks) -> TaskResult:
    """Return the result of a task that has ended, after its files are in their place."""
    folder = RunFolder(out / run.name)
    try:
        result = ray.get(task)
        if result.files is None:
            return result
        if not locks.acquire(run.name):
            return _done_by_another(run, out)
        write_files(folder, result.files)
    except RayTaskError as error:  # not the run's own, which is in its failed.json
        return _failed(run, folder, f"{type(error.cause).__name__}: {error.cause}")
    except RayError as error:
        return _failed(run, folder, first_line(error))
    except OSError as error:
        return _failed(run, folder, f"the run's files cannot be written: {error}")
    return result


def _failed(run: Run, folder: RunFolder, error: str) -> TaskResult:
    return TaskResult(record_failure(run, folder, error), error)


def _done_by_another(run: Run, out: Path) -> TaskResult:
    return TaskResult(State.RUNNING, describe_outcome(RunFolder(out / run.name), State.RUNNING))


def first_line(error: Exception) -> str:
    """Return the first line of an error of Ray, without its advice."""
    return str(error).strip().partition("\n")[0]
