"""Running of the steps of a plan by several threads."""

from __future__ import annotations

from concurrent.futures import CancelledError, ThreadPoolExecutor, as_completed
from threading import Event
from typing import TYPE_CHECKING, TypeVar

from mia_data.errors import DataError, MissingExtraError
from mia_data.prepare.tasks import WriteError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mia_data.prepare.progress import Progress

_SHOWN = 3
# What fails for one item fails for all.
_FATAL = (MissingExtraError, WriteError)
T = TypeVar("T")
R = TypeVar("R")


def run_all(
    what: str,
    work: Callable[[T], R],
    items: Sequence[T],
    *,
    workers: int,
    progress: Progress,
) -> list[R]:
    """Return the results of ``work`` for all items, in their order.

    An item that fails does not stop the others.

    Args:
        what: The items, for messages.
        work: Called by several threads.
        items: Arguments of ``work``.
        workers: Number of threads.
        progress: Shows how far it has come.

    Raises:
        DataError: Some items failed; the message has their number and the first few reasons.
        MissingExtraError: A package is missing; nothing more is tried.
        WriteError: A file cannot be written; nothing more is tried.
    """
    stop = Event()

    def guarded(item: T) -> R:
        if stop.is_set():
            raise CancelledError
        try:
            return work(item)
        except _FATAL:
            stop.set()
            raise

    failed: dict[int, str] = {}
    results: dict[int, R] = {}
    with ThreadPoolExecutor(workers) as pool:
        waiting = {pool.submit(guarded, item): number for number, item in enumerate(items)}
        try:
            for done, future in enumerate(as_completed(waiting), start=1):
                try:
                    results[waiting[future]] = future.result()
                except _FATAL:
                    raise
                except CancelledError:  # The reason comes with another item.
                    continue
                except DataError as error:
                    failed[waiting[future]] = str(error)
                progress.show(what, done, len(items))
        except BaseException:
            stop.set()
            pool.shutdown(wait=True, cancel_futures=True)
            raise
    if failed:
        shown = "; ".join(failed[number] for number in sorted(failed)[:_SHOWN])
        more = len(failed) - _SHOWN
        if more > 0:
            shown += f"; and {more} more"
        msg = f"{len(failed)} of {len(items)} {what} failed: {shown}"
        raise DataError(msg)
    return [results[number] for number in range(len(items))]
