"""The folder of one run, what is in it while the run goes on and afterwards, and its lock.

``run.json`` is written last: where it is, the run is finished and everything else is whole.
"""

from __future__ import annotations

import shutil
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from dataclasses import asdict, dataclass
from enum import Enum
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from mia_bench.errors import StudyError
from mia_bench.files import remove_temporaries, write_json
from mia_bench.run_folder import run_json
from mia_bench.run_folder.scores_csv import read_scores, write_scores

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    import numpy as np

    from mia_bench.run_folder.records import Failure, Progress, RunRecord, RunSettings
    from mia_bench.run_folder.scores_csv import ImageScores


LOCK = ".lock"


class State(str, Enum):
    """The state of a run; ``UNREADABLE`` is finished or failed with files that are damaged."""

    PENDING = "pending"
    RUNNING = "running"
    FAILED = "failed"
    UNREADABLE = "unreadable"
    FINISHED = "finished"


@dataclass(frozen=True)
class RunFolder:
    """The folder of one run."""

    path: Path

    @property
    def result(self) -> Path:
        """run.json: see ``RunRecord``."""
        return self.path / "run.json"

    @property
    def failure(self) -> Path:
        """failed.json: see ``Failure``."""
        return self.path / "failed.json"

    @property
    def progress(self) -> Path:
        """progress.json: see ``Progress``."""
        return self.path / "progress.json"

    @property
    def log(self) -> Path:
        """log.txt: what every try of the run printed."""
        return self.path / "log.txt"

    @property
    def settings(self) -> Path:
        """settings.json: the settings of an unfinished run and its checkpoint."""
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

    @property
    def samples(self) -> Path:
        """samples.npz: test images that all methods of the dataset keep."""
        return self.path / "samples.npz"

    def lock(self, *, timeout: float = 0) -> FileLock:
        """Return the lock of the process that does the run; it is freed when that process dies."""
        return FileLock(self.path / LOCK, timeout=timeout)

    def claim(self, settings: RunSettings) -> None:
        """Tidy up after a killed try; what it left of a training with other settings goes too.

        For the process that holds the lock.
        """
        self._remove_temporaries()
        self.progress.unlink(missing_ok=True)  # how far the last try came is not how far this is
        if self.settings.exists() and run_json.read_settings(self.settings) == settings:
            return
        for path in (self.checkpoint, self.selection):
            shutil.rmtree(path, ignore_errors=True)
        write_json(self.settings, settings.to_json())

    def finish(self) -> None:
        """Remove the files that only an unfinished run needs; settings.json, its mark, last."""
        for path in (self.checkpoint, self.selection):
            shutil.rmtree(path, ignore_errors=True)
        for path in (self.failure, self.progress, self.settings):
            path.unlink(missing_ok=True)

    def state(self) -> State:
        """Return the state of the run now, without reading its files."""
        if self.result.exists():
            return State.FINISHED
        if (self.path / LOCK).exists() and self._is_locked():
            return State.RUNNING
        return State.FAILED if self.failure.exists() else State.PENDING

    @contextmanager
    def log_output(self) -> Iterator[None]:
        """Append what is printed meanwhile, warnings included, to log.txt."""
        file = self.log.open("a", encoding="utf-8")
        try:
            with redirect_stdout(file), redirect_stderr(file):
                yield
        finally:
            with suppress(OSError):  # on a full disk the log's end is the least that is lost
                file.close()

    def finish_again(self) -> None:
        """Call ``finish`` once more where a kill came in between; for a finished run."""
        if self.settings.exists():
            self.finish()

    def read_record(self) -> RunRecord:
        """Read run.json.

        Raises:
            StudyError: It is damaged, of another format, or not written by this program.
        """
        return run_json.read_run_record(self.result)

    def read_settings(self) -> RunSettings | None:
        """Read the settings of the run, finished or not; None where no file has them.

        Raises:
            StudyError: The file that has them is damaged.
        """
        if self.result.exists():
            return self.read_record().settings
        return run_json.read_settings(self.settings) if self.settings.exists() else None

    def read_failure(self) -> Failure:
        """Read failed.json.

        Raises:
            StudyError: It is damaged.
        """
        return run_json.read_failure(self.failure)

    def read_progress(self) -> Progress | None:
        """Read progress.json; None where there is no whole one."""
        try:
            return run_json.read_progress(self.progress)
        except StudyError:
            return None

    def read_scores(self) -> ImageScores:
        """Read scores.csv.

        Raises:
            StudyError: It is missing or damaged.
        """
        return read_scores(self.scores)

    def write_scores(self, ids: Iterable[str], labels: np.ndarray, scores: np.ndarray) -> None:
        """Write scores.csv."""
        write_scores(self.scores, ids, labels, scores)

    def write_record(self, record: RunRecord) -> None:
        """Write run.json; from then on the run is finished."""
        write_json(self.result, record.to_json())

    def write_failure(self, failure: Failure) -> None:
        """Write failed.json."""
        settings = {} if failure.settings is None else {"settings": failure.settings.to_json()}
        write_json(self.failure, {**settings, "error": failure.error})

    def write_progress(self, progress: Progress) -> None:
        """Write progress.json for whoever watches the run."""
        write_json(self.progress, asdict(progress), durable=False)

    def _remove_temporaries(self) -> None:
        for path in (
            *(self.result, self.failure, self.progress, self.settings),
            *(self.scores, self.maps, self.resamples, self.gallery, self.samples),
            *(self.checkpoint, self.model),
        ):
            remove_temporaries(path)

    def _is_locked(self) -> bool:
        try:
            with self.lock():
                return False
        except Timeout:
            return True


def find_runs(out: Path) -> list[RunFolder]:
    """Return the folders of all runs below a study's folder, sorted.

    Raises:
        StudyError: There is no run.
    """
    folders = sorted({path.parent for path in out.glob("*/*/seed-*/*.json")})
    if not folders:
        msg = f"no runs in {out}: expected folders DATASET/METHOD/seed-N"
        raise StudyError(msg)
    return [RunFolder(path) for path in folders]
