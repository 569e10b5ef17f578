"""Sessions of a run with its trackers; a tracker that fails is dropped, and the run goes on."""

from __future__ import annotations

import traceback
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from mia_bench.run_folder.folder import RunFolder
    from mia_bench.study.plan import Run


class Tracker(Protocol):
    """A tracker that can be sent to another process and begins a session there."""

    def begin(self, run: Run, folder: RunFolder) -> Session:
        """Begin the session of a run, or of its next try."""
        ...


class Session(Protocol):
    """One try of one run."""

    def epoch(self, number: int, values: dict[str, float]) -> None:
        """Log the learning rate and the losses of an epoch, by name."""
        ...

    def finish(self, metrics: dict[str, float]) -> None:
        """Log the metrics of the finished run and end the session."""
        ...

    def fail(self) -> None:
        """End the session of a try without a result."""
        ...


class TrackedRun:
    """The sessions of a run's trackers, as one that never raises."""

    def __init__(self, trackers: Sequence[Tracker], run: Run, folder: RunFolder) -> None:
        self._sessions: list[Session] = []
        for tracker in trackers:
            _succeeds(lambda each: self._sessions.append(each.begin(run, folder)), tracker)

    def epoch(self, epoch: Any) -> None:
        """Log an epoch, as ``on_epoch`` of a detector gets it."""
        values = {f"loss/{name}": value for name, value in epoch.losses.items()}
        values["learning_rate"] = epoch.learning_rate
        self._each(lambda session: session.epoch(epoch.epoch, values))

    def finish(self, metrics: Mapping[str, float | None]) -> None:
        """Log the metrics; one without a value is left out."""
        known = {name: value for name, value in metrics.items() if value is not None}
        self._each(lambda session: session.finish(known))
        self._sessions = []

    def fail(self) -> None:
        """End the sessions without a result."""
        self._each(lambda session: session.fail())

    def _each(self, call: Callable[[Session], None]) -> None:
        self._sessions = [session for session in self._sessions if _succeeds(call, session)]


def _succeeds(call: Callable[[Any], None], target: Tracker | Session) -> bool:
    """Call; print an error instead of raising it, and return False."""
    try:
        call(target)
    except Exception:  # a full disk or a lost server: not worth a day's training
        traceback.print_exc()
        print("the run goes on without this tracking", flush=True)
        return False
    return True


@contextmanager
def track(trackers: Sequence[Tracker], run: Run, folder: RunFolder) -> Iterator[TrackedRun]:
    """Begin the sessions of one try; they end as failed when the block ends by an error."""
    tracked = TrackedRun(trackers, run, folder)
    try:
        yield tracked
    except BaseException:
        tracked.fail()
        raise


def parameters(run: Run) -> dict[str, bool | int | float | str]:
    """Return a run's settings as flat parameters: ``epochs``, ``options.width``, ...

    Values that are neither numbers nor texts become texts.
    """
    flat = run.settings().to_json()
    for name, value in flat.pop("options").items():
        flat[f"options.{name}"] = value
    return {
        name: value if isinstance(value, (bool, int, float, str)) else str(value)
        for name, value in flat.items()
    }
