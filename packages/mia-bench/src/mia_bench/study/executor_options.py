"""Options of the executor: where the runs of a study are done, and with which resources."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from mia_bench.errors import StudyError, unknown_name

EXECUTORS = ("local", "ray")


@dataclass(frozen=True, kw_only=True)
class ExecutorOptions:
    """Options of the executor; they change no result.

    Attributes:
        name: ``"local"`` for worker processes on this machine, ``"ray"`` for a Ray cluster.
        jobs: Number of runs in parallel on this machine; with Ray, the cluster's resources decide.
        cpus_per_run: CPU cores of each run; None for an equal share of this machine, or one with
            Ray.
        gpus_per_run: Share of a GPU that each run needs, up to 1; None for an equal share on this
            machine, or with Ray for one GPU where the cluster has any.
        address: Address of a running Ray cluster; None for RAY_ADDRESS, or a new local one.
        retries: Number of times that Ray restarts a run whose node or process has died.
        fetch: Whether Ray's workers send the run's folder back instead of writing into it; None to
            do so where they do not see the study's folder.
    """

    name: str = "local"
    jobs: int | None = None
    cpus_per_run: float | None = None
    gpus_per_run: float | None = None
    address: str | None = None
    retries: int = 3
    fetch: bool | None = None

    def __post_init__(self) -> None:
        if self.name not in EXECUTORS:
            raise unknown_name("executor", self.name, EXECUTORS)
        _check("jobs", self.jobs, int, 1)
        _check("cpus_per_run", self.cpus_per_run, float, 0.01)
        _check("gpus_per_run", self.gpus_per_run, float, 0, 1)
        _check("retries", self.retries, int, 0)
        for key, kind, what in (("address", str, "a text"), ("fetch", bool, "true or false")):
            value = getattr(self, key)
            if value is not None and not isinstance(value, kind):
                msg = f"expected {key} of the executor to be {what}, got {value!r}"
                raise StudyError(msg)
        foreign = {"local": ("address", "fetch"), "ray": ("jobs",)}[self.name]
        for key in foreign:
            if getattr(self, key) is not None:
                msg = f"the executor {self.name!r} has no {key!r}, got {getattr(self, key)!r}"
                raise StudyError(msg)

    def override(self, **changes: Any) -> ExecutorOptions:
        """Return the options with others where they are given (not None).

        Another executor than the study's starts from its own defaults.
        """
        changes = {key: value for key, value in changes.items() if value is not None}
        other = changes.get("name", self.name) != self.name
        return ExecutorOptions(**changes) if other else replace(self, **changes)


def _check(key: str, value: float | None, kind: type, low: float, high: float = 1e6) -> None:
    if value is None:
        return
    right = isinstance(value, (int, kind)) and not isinstance(value, bool)
    if not (right and low <= value <= high):
        above = "" if high == 1e6 else f" to {high:g}"
        what = "a whole number" if kind is int else "a number"
        msg = f"expected {key} of the executor to be {what} from {low:g}{above}, got {value!r}"
        raise StudyError(msg)
