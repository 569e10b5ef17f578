"""Tasks of a Ray worker; it needs the same mia-bench on its node, and the datasets."""

from __future__ import annotations

import os
import platform
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from mia_bench.device import resolve_device
from mia_bench.errors import StudyError
from mia_bench.execution.execute import execute
from mia_bench.execution.outcome import describe_outcome
from mia_bench.execution.resources import thread_settings
from mia_bench.execution.transfer import read_files
from mia_bench.run_folder.folder import RunFolder, State
from mia_bench.study.images import read_datasets

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mia_bench.run_folder.records import Progress
    from mia_bench.study.plan import Run
    from mia_bench.tracking import Tracker

VERSION = version("mia-bench")
# A dead node's locks in a shared folder go free with some delay.
LOCK_SECONDS = 120
PROGRESS_SECONDS = 1


@dataclass(frozen=True)
class DriverFolder:
    """The study's folder on the driver's machine, and a mark that shows whether it is shared.

    Attributes:
        out: Absolute path.
        token: Random name of this start of the study.
        version: Version of the driver's mia-bench.
    """

    out: Path
    token: str
    version: str = VERSION

    @property
    def mark(self) -> Path:
        """A file that the driver writes; a node that sees it shares the folder."""
        return self.out / f".home-{self.token}"


@dataclass(frozen=True)
class TaskResult:
    """The outcome of a run, and its files if they are not in the study's folder yet."""

    state: State
    note: str
    files: dict[str, bytes] | None = None


@dataclass(frozen=True)
class WorkerProgress:
    """Progress of a run, and whether its folder is one that the driver does not see."""

    progress: Progress
    is_elsewhere: bool


class ProgressCollector:
    """Progress of all runs, written by workers and read by the driver; an actor on its node."""

    def __init__(self) -> None:
        self._latest: dict[str, WorkerProgress] = {}

    def update(self, run: str, progress: WorkerProgress) -> None:
        """Keep the latest progress of a run."""
        self._latest[run] = progress

    def read(self) -> dict[str, WorkerProgress]:
        """Return the latest progress of each run."""
        return self._latest


def prepare(runs: Sequence[Run], device: str, driver_version: str) -> None:
    """Check what would make runs fail here.

    Raises:
        StudyError: Another version of mia-bench, or a device that is not there.
        DataError: A dataset that is missing or damaged.
    """
    _check_version(driver_version)
    resolve_device(device)
    read_datasets(runs)


def do_run(
    run: Run,
    driver: DriverFolder,
    *,
    device: str,
    threads: int | None,
    trackers: Sequence[Tracker],
    fetch: bool | None,
    collector: Any,
) -> TaskResult:
    """Do a run in the study's folder if it is shared, or in one whose files are sent back."""
    _check_version(driver.version)
    # Ray sets the number of threads to that of the cores; torch is not imported yet.
    os.environ.update(thread_settings(threads or 1, insist=threads is not None))

    def do_in(out: Path, *, is_elsewhere: bool) -> TaskResult:
        folder = RunFolder(out / run.name)
        with _send_progress(collector, run.name, folder, is_elsewhere):
            state = execute(run, out, device, trackers, LOCK_SECONDS)
        files = read_files(folder) if is_elsewhere else None
        return TaskResult(state, describe_outcome(folder, state), files)

    if driver.mark.exists() and not fetch:
        return do_in(driver.out, is_elsewhere=False)
    with TemporaryDirectory(prefix="mia-bench-") as scratch:
        return do_in(Path(scratch), is_elsewhere=True)


def _check_version(driver_version: str) -> None:
    if driver_version != VERSION:
        msg = f"the node {platform.node()} has mia-bench {VERSION}, the driver has {driver_version}"
        raise StudyError(msg)


@contextmanager
def _send_progress(
    collector: Any, run: str, folder: RunFolder, is_elsewhere: bool
) -> Iterator[None]:
    """Send the run's progress to the collector until the block ends."""
    over = threading.Event()

    def send() -> None:
        last = None
        while not over.wait(PROGRESS_SECONDS):
            reached = folder.read_progress()
            if reached is not None and reached != last:
                collector.update.remote(run, WorkerProgress(reached, is_elsewhere))
                last = reached

    sender = threading.Thread(target=send, daemon=True)
    sender.start()
    try:
        yield
    finally:
        over.set()
        sender.join()
