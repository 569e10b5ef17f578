"""Items are taken ahead in a thread: in order, bounded, with their errors, and it ends."""

from __future__ import annotations

import threading
from contextlib import closing

import pytest
from mia_bench.inference.prefetch import prefetch


def never_more_than(items, count, *, size=lambda item: 1, most=1 << 30):
    """Return all items, and check that the thread is never more than so many ahead."""
    taken = []

    def source():
        for item in items:
            taken.append(item)
            yield item

    found = []
    for item in prefetch(source(), count=count, size=size, most=most):
        found.append(item)
        # One is in the thread's hand, beside those that wait.
        assert len(taken) <= len(found) + count + 1
    return found


@pytest.mark.parametrize("count", [1, 2, 16])
@pytest.mark.parametrize("total", [0, 1, 5, 100])
def test_all_items_come_in_order(count, total):
    assert never_more_than(range(total), count) == list(range(total))


def test_few_large_items_wait():
    assert never_more_than(range(50), 1, size=lambda item: 100, most=100) == list(range(50))


def test_an_item_that_is_larger_than_the_bound_comes_too():
    items = prefetch(iter_of(3), count=4, size=lambda item: 1000, most=1)
    assert list(items) == [0, 1, 2]


def iter_of(count):
    yield from range(count)


@pytest.mark.parametrize("error", [ValueError("broken"), KeyboardInterrupt()])
def test_an_error_is_raised_behind_the_items_before_it(error):
    def source():
        yield 1
        yield 2
        raise error

    items = prefetch(source(), count=4, size=lambda item: 1, most=100)
    assert [next(items), next(items)] == [1, 2]
    with pytest.raises(type(error)) as caught:
        next(items)
    assert caught.value is error


def test_closing_ends_the_thread_and_closes_the_items_in_it():
    closed = []

    def source():
        try:
            while True:
                yield 0
        finally:
            closed.append(threading.current_thread())

    with closing(prefetch(source(), count=2, size=lambda item: 1, most=100)) as items:
        assert next(items) == 0
    assert len(closed) == 1
    assert closed[0] is not threading.current_thread()
    assert not closed[0].is_alive()
