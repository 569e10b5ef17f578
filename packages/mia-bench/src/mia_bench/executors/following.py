"""The driver's side of tasks on a Ray cluster: how far they are, and how each has ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ray
from ray.exceptions import RayError, RayTaskError

from mia_bench.executors.fetching import Claims, write_files
from mia_bench.executors.outcome import Ended, fail, note
from mia_bench.executors.remote import Home, Reply
from mia_bench.runfolder import RunFolder, State

if TYPE_CHECKING:
    from pathlib import Path

    from mia_bench.display import Display
    from mia_bench.plan import Run

POLL_SECONDS = 0.5


def follow(flying: dict[Any, Run], board: Any, home: Home, display: Display) -> dict[str, Ended]:
    """How each run ended, once all have; takes out of ``flying`` those that have."""
    ends: dict[str, Ended] = {}
    claims = Claims(home.out)

    def end(task: Any, reply: Reply) -> None:
        run = flying.pop(task)
        ends[run.name] = Ended(reply.state, reply.note)
        display.ended(run.name, *ends[run.name])
        claims.free(run.name)

    try:
        while flying:
            done, _ = ray.wait(list(flying), timeout=POLL_SECONDS)
            for task in done:
                end(task, _settle(flying[task], task, home.out, claims))
            news = ray.get(board.read.remote())
            for task, run in list(flying.items()):
                if run.name not in news:
                    continue
                display.progress(run.name, **news[run.name].progress)
                if news[run.name].is_elsewhere and not claims.take(run.name):
                    ray.cancel(task, force=True)
                    end(task, _left(run, home.out))
    finally:
        claims.free()
    return ends


def _settle(run: Run, task: Any, out: Path, claims: Claims) -> Reply:
    """The outcome of a task that has ended, its files in their place."""
    folder = RunFolder(out / run.name)
    try:
        reply = ray.get(task)
        if reply.files is None:
            return reply
        if not claims.take(run.name):
            return _left(run, out)
        write_files(folder, reply.files)
    except RayTaskError as error:  # not the run's own, which is in its failed.json
        return _failed(run, folder, f"{type(error.cause).__name__}: {error.cause}")
    except RayError as error:
        return _failed(run, folder, first_line(error))
    except OSError as error:
        return _failed(run, folder, f"the run's files cannot be written: {error}")
    return reply


def _failed(run: Run, folder: RunFolder, error: str) -> Reply:
    return Reply(fail(run, folder, error), error)


def _left(run: Run, out: Path) -> Reply:
    return Reply(State.RUNNING, note(RunFolder(out / run.name), State.RUNNING))


def first_line(error: Exception) -> str:
    """What an error of Ray says, without its advice."""
    return str(error).strip().partition("\n")[0]
