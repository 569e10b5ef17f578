"""The options that say where runs are done, with which resources, and where they are logged."""

from __future__ import annotations

from dataclasses import replace
from functools import wraps
from typing import TYPE_CHECKING, Any

import click

from mia_bench.cli.options import CommaSeparated
from mia_bench.study.executor_options import EXECUTORS
from mia_bench.tracking import TRACKERS

if TYPE_CHECKING:
    from collections.abc import Callable

    from mia_bench.study.study import Study

_OPTIONS = (
    click.option("--executor", type=click.Choice(EXECUTORS), help="Where to run (default: local)."),
    click.option(
        "--jobs",
        type=click.IntRange(min=1),
        help="Number of runs in parallel on this machine (default: 1).",
    ),
    click.option(
        "--cpus-per-run",
        type=click.FloatRange(min=0, min_open=True),
        help="CPU cores of each run (default: an equal share; with ray, 1).",
    ),
    click.option(
        "--gpus-per-run",
        type=click.FloatRange(0, 1),
        help="Share of a GPU that each run needs (default: an equal share; with ray, 1).",
    ),
    click.option(
        "--ray-address",
        help="Address of a running Ray cluster (default: RAY_ADDRESS, or a new local one).",
    ),
    click.option(
        "--tracking",
        type=CommaSeparated(),
        help=f"Also log the runs to TensorBoard or MLflow: {', '.join(TRACKERS)} (default: none).",
    ),
)


def executor_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options of an executor; its ``study`` has them where they are given."""

    @wraps(command)
    def with_executor(
        *,
        study: Study,
        executor: str | None,
        jobs: int | None,
        cpus_per_run: float | None,
        gpus_per_run: float | None,
        ray_address: str | None,
        tracking: list[str] | None,
        **rest: Any,
    ) -> Any:
        options = study.executor.override(
            name=executor,
            jobs=jobs,
            cpus_per_run=cpus_per_run,
            gpus_per_run=gpus_per_run,
            address=ray_address,
        )
        trackers = study.tracking if tracking is None else tuple(tracking)
        return command(study=replace(study, executor=options, tracking=trackers), **rest)

    for option in reversed(_OPTIONS):
        with_executor = option(with_executor)
    return with_executor
