"""What a run leaves on disk, and what can be read from it at any moment.

``run.json`` is written last: where it is, the run is finished and everything else is whole.
"""

from __future__ import annotations

import shutil
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

from filelock import FileLock, Timeout

from mia_bench.errors import StudyError
from mia_bench.files import remove_temporaries, write_json
from mia_bench.run_folder.run_json import read_json, read_result
from mia_bench.run_folder.scores_csv import read_scores, write_scores

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    import numpy as np


LOCK = ".lock"
TABLE, PAGE = "leaderboard.csv", "report.html"


class State(str, Enum):
    """Where a run stands."""

    PENDING = "pending"
    RUNNING = "running"
    FAILED = "failed"
    FINISHED = "finished"


@dataclass(frozen=True)
class RunFolder:
    """The folder of one run."""

    path: Path

    @property
    def result(self) -> Path:
        """run.json: settings, versions, timings, metrics."""
        return self.path / "run.json"

    @property
    def failure(self) -> Path:
        """failed.json: the error of the last try."""
        return self.path / "failed.json"

    @property
    def progress(self) -> Path:
        """progress.json: the epoch that a running run has reached."""
        return self.path / "progress.json"

    @property
    def log(self) -> Path:
        """log.txt: what every try of the run printed."""
        return self.path / "log.txt"

    @property
    def settings(self) -> Path:
        """settings.json: what the unfinished run's checkpoint belongs to."""
        return self.path / "settings.json"

    @property
    def checkpoint(self) -> Path:
        """The training's state while the run goes on."""
        return self.path / "checkpoint"

    @property
    def selection(self) -> Path:
        """The best epoch so far, where the run chooses one, while it goes on."""
        return self.path / "selection"

    @property
    def model(self) -> Path:
        """The trained detector."""
        return self.path / "model"

    @property
    def scores(self) -> Path:
        """scores.csv: id, label, score of each test image."""
        return self.path / "scores.csv"

    @property
    def maps(self) -> Path:
        """maps.npy: float32 (N, H, W) in the order of scores.csv."""
        return self.path / "maps.npy"

    @property
    def resamples(self) -> Path:
        """resamples.npz: pixel metrics in resamples of the test images, where there are any."""
        return self.path / "resamples.npz"

    @property
    def gallery(self) -> Path:
        """gallery.npz: the images that the page shows."""
        return self.path / "gallery.npz"

    def lock(self, *, timeout: float = 0) -> FileLock:
        """Held by the process that does the run; the system frees it when that process dies."""
        return FileLock(self.path / LOCK, timeout=timeout)

    def claim(self, settings: dict[str, Any]) -> None:
        """Tidy up after a killed try; what it left of a training with other settings goes too.

        For the process that holds the lock.
        """
        self._tidy()
        self.progress.unlink(missing_ok=True)  # how far the last try came is not how far this is
        if self.settings.exists() and read_json(self.settings) == settings:
            return
        for path in (self.checkpoint, self.selection):
            shutil.rmtree(path, ignore_errors=True)
        write_json(self.settings, settings)

    def finish(self) -> None:
        """Remove what only an unfinished run needs; settings.json last, which tells that it is."""
        for path in (self.checkpoint, self.selection):
            shutil.rmtree(path, ignore_errors=True)
        for path in (self.failure, self.progress, self.settings):
            path.unlink(missing_ok=True)

    def state(self) -> State:
        """Where the run stands now."""
        if self.result.exists():
            return State.FINISHED
        if (self.path / LOCK).exists() and self._is_locked():
            return State.RUNNING
        return State.FAILED if self.failure.exists() else State.PENDING

    @contextmanager
    def logging(self) -> Iterator[None]:
        """What is printed meanwhile, warnings included, goes to the end of log.txt."""
        file = self.log.open("a", encoding="utf-8")
        try:
            with redirect_stdout(file), redirect_stderr(file):
                yield
        finally:
            with suppress(OSError):  # on a full disk the log's end is the least that is lost
                file.close()

    def sweep(self) -> None:
        """``finish`` once more where a kill came in between; for a finished run."""
        if self.settings.exists():
            self.finish()

    def _tidy(self) -> None:
        for path in (
            *(self.result, self.failure, self.progress, self.settings),
            *(self.scores, self.maps, self.resamples, self.gallery, self.checkpoint, self.model),
        ):
            remove_temporaries(path)

    def _is_locked(self) -> bool:
        try:
            with self.lock():
                return False
        except Timeout:
            return True

    def read_result(self) -> dict[str, Any]:
        """run.json.

        Raises:
            StudyError: It is damaged, of another format, or not written by this program.
        """
        return read_result(self.result)

    def read_settings(self) -> dict[str, Any] | None:
        """What the run is of, finished or not; None where nothing tells.

        Raises:
            StudyError: What tells is damaged.
        """
        if self.result.exists():
            return self.read_result()["settings"]
        return read_json(self.settings, "method") if self.settings.exists() else None

    def read_failure(self) -> dict[str, Any]:
        """failed.json.

        Raises:
            StudyError: It is damaged.
        """
        return read_json(self.failure, "error")

    def write_scores(self, ids: Iterable[str], labels: np.ndarray, scores: np.ndarray) -> None:
        """See ``mia_bench.run_folder.scores_csv``."""
        write_scores(self.scores, ids, labels, scores)

    def read_scores(self) -> tuple[list[str], np.ndarray, np.ndarray]:
        """See ``mia_bench.run_folder.scores_csv``."""
        return read_scores(self.scores)

    def write_progress(self, epoch: int, epochs: int, loss: float | None) -> None:
        """Tell whoever watches how far the run is."""
        reached = {"epoch": epoch, "epochs": epochs, "loss": loss}
        write_json(self.progress, reached, durable=False)

    def read_progress(self) -> dict[str, Any] | None:
        """progress.json, or None where there is no whole one."""
        try:
            return read_json(self.progress, "epoch", "epochs", "loss")
        except StudyError:
            return None


def find_runs(out: Path) -> list[RunFolder]:
    """The folders of all runs below a study's folder, sorted.

    Raises:
        StudyError: There is no run.
    """
    folders = sorted({path.parent for path in out.glob("*/*/seed-*/*.json")})
    if not folders:
        msg = f"no runs in {out}: expected folders DATASET/METHOD/seed-N"
        raise StudyError(msg)
    return [RunFolder(path) for path in folders]


@contextmanager
def writing_results(out: Path) -> Iterator[None]:
    """Write a study's table and page one process at a time, after what a killed one left."""
    with FileLock(out / LOCK):
        for name in (TABLE, PAGE):
            remove_temporaries(out / name)
        yield
