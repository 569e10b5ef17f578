"""What a run tells its trackers; one that fails is dropped, and the run goes on without it."""

from __future__ import annotations

import traceback
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from mia_bench.run_folder.folder import RunFolder
    from mia_bench.study.plan import Run


class Tracker(Protocol):
    """Can be sent to another process and begins a session there."""

    def begin(self, run: Run, folder: RunFolder) -> Session:
        """The session of a run, or of its next try."""
        ...


class Session(Protocol):
    """One try of one run."""

    def epoch(self, number: int, values: dict[str, float]) -> None:
        """An epoch has ended with this learning rate and these losses, by name."""
        ...

    def finish(self, metrics: dict[str, float]) -> None:
        """The run is finished, with these metrics."""
        ...

    def fail(self) -> None:
        """The try has ended without a result."""
        ...


class Told:
    """The sessions of a run's trackers, as one that never raises."""

    def __init__(self, trackers: Sequence[Tracker], run: Run, folder: RunFolder) -> None:
        self._sessions: list[Session] = []
        for tracker in trackers:
            _works(lambda each: self._sessions.append(each.begin(run, folder)), tracker)

    def epoch(self, epoch: Any) -> None:
        """Tell what ``on_epoch`` was told."""
        values = {f"loss/{name}": value for name, value in epoch.losses.items()}
        values["learning_rate"] = epoch.learning_rate
        self._each(lambda session: session.epoch(epoch.epoch, values))

    def finish(self, metrics: dict[str, float | None]) -> None:
        """Tell the result; a metric without a value is left out."""
        known = {name: value for name, value in metrics.items() if value is not None}
        self._each(lambda session: session.finish(known))
        self._sessions = []

    def fail(self) -> None:
        """Tell that there is none."""
        self._each(lambda session: session.fail())

    def _each(self, call: Callable[[Session], None]) -> None:
        self._sessions = [session for session in self._sessions if _works(call, session)]


def _works(call: Callable[[Any], None], what: Tracker | Session) -> bool:
    try:
        call(what)
    except Exception:  # a full disk or a lost server: not worth a day's training
        traceback.print_exc()
        print("the run goes on without this tracking", flush=True)
        return False
    return True


@contextmanager
def tell(trackers: Sequence[Tracker], run: Run, folder: RunFolder) -> Iterator[Told]:
    """What takes the news of one try; it is told of a failure when the block ends by an error."""
    told = Told(trackers, run, folder)
    try:
        yield told
    except BaseException:
        told.fail()
        raise


def parameters(run: Run) -> dict[str, bool | int | float | str]:
    """``epochs``, ``image_size``, ``options.width``, ...; what is no number or text as a text."""
    flat: dict[str, Any] = run.settings()
    for name, value in flat.pop("options").items():
        flat[f"options.{name}"] = value
    return {
        name: value if isinstance(value, (bool, int, float, str)) else str(value)
        for name, value in flat.items()
    }
