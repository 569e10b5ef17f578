"""What a Ray worker does; it needs the same mia-bench there, and the datasets."""

from __future__ import annotations

import os
import platform
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from mia_bench import __version__
from mia_bench.device import resolve_device
from mia_bench.errors import StudyError
from mia_bench.execution.execute import execute, read_datasets
from mia_bench.execution.outcome import note
from mia_bench.execution.resources import thread_settings
from mia_bench.execution.transfer import read_files
from mia_bench.run_folder.folder import RunFolder, State

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mia_bench.study.plan import Run
    from mia_bench.tracking import Tracker

# A dead node's locks in a shared folder go free with some delay.
LOCK_SECONDS = 120
TELL_SECONDS = 1


@dataclass(frozen=True)
class Home:
    """The study's folder on the driver's machine, and how to tell whether it is seen here.

    Attributes:
        out: Absolute path.
        token: Random, of this study's start.
        version: Of the driver's mia-bench.
    """

    out: Path
    token: str
    version: str = __version__

    @property
    def mark(self) -> Path:
        """A file that the driver has written; who sees it sees the same folder."""
        return self.out / f".home-{self.token}"


@dataclass(frozen=True)
class Reply:
    """How a run ended, and its files where they are not in their place yet."""

    state: State
    note: str
    files: dict[str, bytes] | None = None


@dataclass(frozen=True)
class News:
    """How far a run is, and whether it is done in a folder that the driver does not see."""

    progress: dict[str, Any]
    is_elsewhere: bool


class Board:
    """Where workers tell news and the driver reads them; an actor on the driver's node."""

    def __init__(self) -> None:
        self._news: dict[str, News] = {}

    def tell(self, run: str, news: News) -> None:
        """The latest of a run."""
        self._news[run] = news

    def read(self) -> dict[str, News]:
        """The latest of all."""
        return self._news


def prepare(
    runs: Sequence[Run], roots: Mapping[str, str | None], device: str, version: str
) -> None:
    """Find out what would make runs fail here.

    Raises:
        StudyError: Another version of mia-bench, or a device that is not there.
        DataError: A dataset that is missing or damaged.
    """
    _check_version(version)
    resolve_device(device)
    read_datasets(runs, roots)


def do(
    run: Run,
    home: Home,
    *,
    root: str | None,
    device: str,
    threads: int | None,
    trackers: Sequence[Tracker],
    fetch: bool | None,
    board: Any,
) -> Reply:
    """Do a run in the study's folder where that is seen here, else in one to be fetched."""
    _check_version(home.version)
    # Ray sets the number of threads to that of the cores; torch is not imported yet.
    os.environ.update(thread_settings(threads or 1, insist=threads is not None))

    def do_in(out: Path, *, is_elsewhere: bool) -> Reply:
        folder = RunFolder(out / run.name)
        with _telling(board, run.name, folder, is_elsewhere):
            state = execute(run, out, root, device, trackers, LOCK_SECONDS)
        return Reply(state, note(folder, state), read_files(folder) if is_elsewhere else None)

    if home.mark.exists() and not fetch:
        return do_in(home.out, is_elsewhere=False)
    with TemporaryDirectory(prefix="mia-bench-") as scratch:
        return do_in(Path(scratch), is_elsewhere=True)


def _check_version(version: str) -> None:
    if version != __version__:
        msg = f"the node {platform.node()} has mia-bench {__version__}, the driver has {version}"
        raise StudyError(msg)


@contextmanager
def _telling(board: Any, run: str, folder: RunFolder, is_elsewhere: bool) -> Iterator[None]:
    """Meanwhile, tell the board how far the run is."""
    over = threading.Event()

    def tell() -> None:
        last = None
        while not over.wait(TELL_SECONDS):
            reached = folder.read_progress()
            if reached is not None and reached != last:
                board.tell.remote(run, News(reached, is_elsewhere))
                last = reached

    teller = threading.Thread(target=tell, daemon=True)
    teller.start()
    try:
        yield
    finally:
        over.set()
        teller.join()
