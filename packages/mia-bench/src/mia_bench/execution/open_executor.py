"""The executor that a study's options ask for."""

from __future__ import annotations

from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Protocol

from mia_bench.errors import StudyError
from mia_bench.execution.local import LocalExecutor

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from mia_bench.execution.outcome import RunOutcome
    from mia_bench.study.executor_options import ExecutorOptions
    from mia_bench.study.plan import Run
    from mia_bench.terminal.progress import ProgressDisplay
    from mia_bench.tracking import Tracker


class Executor(Protocol):
    """Does runs on some machine; their folders are the same whichever does them."""

    def prepare(self, runs: Sequence[Run]) -> None:
        """Check what would make runs fail, before any of them starts.

        Raises:
            StudyError: A device or folder that is not there.
            DataError: A dataset that is missing or damaged.
        """
        ...

    def run(
        self,
        runs: Sequence[Run],
        out: Path,
        *,
        trackers: Sequence[Tracker] = (),
        display: ProgressDisplay,
    ) -> dict[str, RunOutcome]:
        """Do the runs; return the outcome of each by name.

        Args:
            runs: The runs.
            out: The study's folder; runs get folders in it.
            trackers: Trackers that log every run while it trains.
            display: Shows the progress of the runs.
        """
        ...


@contextmanager
def open_executor(options: ExecutorOptions, device: str) -> Iterator[Executor]:
    """Open the executor of these options; it is closed when the block ends.

    Raises:
        StudyError: A device, a cluster or an extra that is not there.
    """
    if options.name == "local":
        yield LocalExecutor(options, device)
        return
    if find_spec("ray") is None:
        msg = "the executor ray needs a package that is not installed: pip install 'mia-bench[ray]'"
        raise StudyError(msg)
    from mia_bench.execution.ray import open_ray

    with open_ray(options, device) as executor:
        yield executor
