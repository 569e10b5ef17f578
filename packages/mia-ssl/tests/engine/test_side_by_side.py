"""Parts computed in several threads: the caller's results, modes and number of threads."""

from __future__ import annotations

import threading

import pytest
import torch
from mia_ssl._engine.side_by_side import side_by_side


def seen(_part):
    """What a thread computes with."""
    return (
        torch.is_inference_mode_enabled(),
        torch.is_grad_enabled(),
        torch.is_autocast_enabled("cpu") and torch.get_autocast_dtype("cpu"),
    )


@pytest.mark.parametrize("threads", [1, 3])
def test_results_are_in_the_order_of_the_parts(threads, torch_threads):
    torch_threads(threads)
    parts = torch.arange(40.0).split(4)
    results = side_by_side(lambda part: part.square().sum(), parts)
    assert [float(each) for each in results] == [float(part.square().sum()) for part in parts]


@pytest.mark.parametrize(("threads", "workers", "each"), [(4, 4, 1), (5, 2, 2), (2, 1, 2)])
def test_there_are_as_many_threads_as_the_caller_has(threads, workers, each, torch_threads):
    torch_threads(threads)
    all_started = threading.Barrier(workers, timeout=60)

    def who(_part):
        all_started.wait()  # no thread takes two parts
        return threading.get_ident(), torch.get_num_threads()

    found = side_by_side(who, range(workers))
    assert len({identity for identity, _ in found}) == workers
    assert [number for _, number in found] == [each] * workers


def test_the_number_of_threads_stays_that_of_the_caller_and_of_later_threads(torch_threads):
    torch_threads(2)
    side_by_side(seen, range(4))
    assert torch.get_num_threads() == 2
    later = []
    thread = threading.Thread(target=lambda: later.append(torch.get_num_threads()))
    thread.start()
    thread.join()
    assert later == [2]


@pytest.mark.parametrize("threads", [1, 2])
def test_the_modes_are_those_of_the_caller(threads, torch_threads):
    torch_threads(threads)
    assert side_by_side(seen, range(2)) == [(False, False, False)] * 2
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        assert side_by_side(seen, range(2)) == [(True, False, torch.bfloat16)] * 2
    assert seen(None) == (False, True, False)


@pytest.mark.parametrize("threads", [1, 2])
def test_an_error_is_the_callers(threads, torch_threads):
    torch_threads(threads)

    def fail(part):
        if part == 2:
            msg = f"part {part}"
            raise ValueError(msg)

    with pytest.raises(ValueError, match="part 2"):
        side_by_side(fail, range(4))
    assert torch.get_num_threads() == threads
