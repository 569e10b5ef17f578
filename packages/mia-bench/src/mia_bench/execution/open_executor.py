"""From the options of a study to what does its runs."""

from __future__ import annotations

from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Protocol

from mia_bench.errors import StudyError
from mia_bench.execution.local import LocalExecutor

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from mia_bench.execution.outcome import Ended
    from mia_bench.study.executor_options import ExecutorOptions
    from mia_bench.study.plan import Run
    from mia_bench.terminal.progress import Display
    from mia_bench.tracking import Tracker


class Executor(Protocol):
    """Does runs somewhere; what they leave behind is the same everywhere."""

    def prepare(self, runs: Sequence[Run], roots: Mapping[str, str | None]) -> None:
        """Find out what would make runs fail, before any of them starts.

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
        roots: Mapping[str, str | None],
        trackers: Sequence[Tracker] = (),
        display: Display,
    ) -> dict[str, Ended]:
        """Do the runs; how each ended by name.

        Args:
            runs: What to do.
            out: The study's folder; runs get folders in it.
            roots: Of each dataset, where its folder lies; None: the default.
            trackers: What is told of every run while it trains.
            display: What shows how far they are.
        """
        ...


@contextmanager
def open_executor(options: ExecutorOptions, device: str) -> Iterator[Executor]:
    """The executor of these options, with what it holds until the block ends.

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
