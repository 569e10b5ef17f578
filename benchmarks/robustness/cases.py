"""Many cases in processes whose memory and time are bounded."""

from __future__ import annotations

import os
import resource
import warnings
from collections import Counter
from concurrent.futures import TimeoutError as TooLong
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pebble import ProcessExpired, ProcessPool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

KINDS = ("right", "refused", "wrong", "crash", "hang", "over memory")
BAD = KINDS[2:]
SECONDS = 30  # of one case
MEMORY = 3 << 30  # address space beyond that of the process before its first case
AT_ONCE = 2


@dataclass
class Tally:
    """How the cases of one section ended.

    Attributes:
        title: What was damaged, for the table.
        counts: Kind -> number of cases.
        faults: One line for each bad case, to reproduce it.
    """

    title: str
    counts: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    def add(self, case: object, kind: str, why: str = "") -> None:
        """Count a case."""
        self.counts[kind] += 1
        if kind in BAD:
            self.faults.append(f"{self.title}: {kind}: {case}: {why}")


def run_cases(title: str, work: Callable[[Any], str], cases: Iterable[Any]) -> Tally:
    """Do ``work`` for each case, which returns ``right``, ``refused`` or ``wrong: why``.

    An error that it raises is a crash.
    """
    tally = Tally(title)
    with ProcessPool(max_workers=AT_ONCE, max_tasks=500, initializer=_bound_memory) as pool:
        tasks = [(case, pool.schedule(work, args=[case], timeout=SECONDS)) for case in cases]
        for case, task in tasks:
            kind, why = _outcome(task)
            tally.add(case, kind, why)
    return tally


def _outcome(task: Any) -> tuple[str, str]:
    try:
        kind, _, why = task.result().partition(": ")
    except TooLong:
        return "hang", f"no answer within {SECONDS} s"
    except MemoryError:
        return "over memory", f"more than {MEMORY >> 20} MiB"
    except ProcessExpired as error:
        return "crash", f"the process ended with {error.exitcode}"
    except Exception as error:
        return "crash", f"{type(error).__name__}: {error}"
    return kind, why


def _bound_memory() -> None:
    warnings.simplefilter("ignore")
    os.nice(5)
    with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123
        used = int(file.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY, used + MEMORY))
