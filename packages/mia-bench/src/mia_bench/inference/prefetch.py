"""Items of an iterator, taken ahead of their use by a thread."""

from __future__ import annotations

from collections import deque
from threading import Condition, Thread
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

_T = TypeVar("_T")


def prefetch(
    items: Generator[_T, None, None], *, count: int, size: Callable[[_T], int], most: int
) -> Generator[_T, None, None]:
    """Yield the items in order, while a thread takes the next ones.

    An error of the items is raised where they end. The thread has ended, and the items are closed,
    when this generator ends or is closed.

    Args:
        items: The items; the thread alone uses them.
        count: Most items that wait, at least 1.
        size: Bytes of an item.
        most: Bytes of the waiting items beyond which no further one is taken.
    """
    queue: _Queue[_T] = _Queue(items, count, size, most)
    queue.thread.start()
    try:
        while (item := queue.get()) is not None:
            yield item[0]
    finally:
        queue.stop()


class _Queue(Generic[_T]):
    """A bounded queue that a thread fills."""

    def __init__(
        self,
        items: Generator[_T, None, None],
        count: int,
        size: Callable[[_T], int],
        most: int,
    ) -> None:
        self.thread = Thread(target=self._fill, args=(items,), daemon=True)
        self._count, self._size, self._most = count, size, most
        self._waiting: deque[_T] = deque()
        self._bytes = 0
        self._changed = Condition()
        self._stopped = self._ended = False
        self._error: BaseException | None = None

    def get(self) -> tuple[_T] | None:
        """Return the next item; None where there are no more."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._ended)
            if self._waiting:
                item = self._waiting.popleft()
                self._bytes -= self._size(item)
                self._changed.notify_all()
                return (item,)
        if self._error is not None:
            raise self._error
        return None

    def stop(self) -> None:
        """End the thread after the item that it is taking."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
        self.thread.join()

    def _fill(self, items: Generator[_T, None, None]) -> None:
        try:
            for item in items:
                if not self._put(item):
                    break
            items.close()
        except BaseException as error:  # raised again by get()
            self._error = error
        finally:
            with self._changed:
                self._ended = True
                self._changed.notify_all()

    def _put(self, item: _T) -> bool:
        """Wait for room and add an item; return False where no more are wanted."""
        with self._changed:
            self._changed.wait_for(lambda: self._stopped or self._has_room())
            self._waiting.append(item)
            self._bytes += self._size(item)
            self._changed.notify_all()
            return not self._stopped

    def _has_room(self) -> bool:
        return not self._waiting or (len(self._waiting) < self._count and self._bytes < self._most)
