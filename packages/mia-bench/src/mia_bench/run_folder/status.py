"""Where every run of a folder stands, in words."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mia_bench.run_folder.folder import RunFolder, State, find_runs

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


@dataclass(frozen=True)
class Standing:
    """A run: ``note`` is its error where it failed, its epoch where it is under way."""

    name: str
    state: State
    note: str


def standings(out: Path) -> list[Standing]:
    """Where every run that has begun in a folder stands.

    Raises:
        StudyError: There is no run, or a damaged file.
    """
    return [_standing(folder, out) for folder in find_runs(out)]


def unfinished(found: Iterable[Standing]) -> list[Standing]:
    """All that have not finished, failed ones first."""
    order = [State.FAILED, State.RUNNING, State.PENDING]
    left = [each for each in found if each.state is not State.FINISHED]
    return sorted(left, key=lambda each: order.index(each.state))


def in_short(found: Iterable[Standing]) -> str:
    """``40 finished, 3 failed, 2 running``."""
    counts = Counter(each.state for each in found)
    return ", ".join(f"{counts[state]} {state.value}" for state in reversed(State) if counts[state])


def _standing(folder: RunFolder, out: Path) -> Standing:
    state = folder.state()
    reached = folder.read_progress()
    note = ""
    if state is State.FAILED:
        note = folder.read_failure()["error"]
    elif state is not State.FINISHED and reached is not None:
        note = f"epoch {reached['epoch']} of {reached['epochs']}"
    return Standing(folder.path.relative_to(out).as_posix(), state, note)
