"""Trackers by the names that a study gives them."""

from __future__ import annotations

import importlib
from importlib.util import find_spec
from typing import TYPE_CHECKING

from mia_bench.errors import StudyError, unknown_name

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from mia_bench.tracking.session import Tracker

# name -> the packages it needs; its module in this folder has `prepare`.
TRACKERS = {"tensorboard": ("tensorboard",), "mlflow": ("mlflow",)}


def check_trackers(names: Sequence[str]) -> None:
    """Refuse names that are not of ``TRACKERS`` and those whose packages are not installed.

    Raises:
        StudyError: There is one.
    """
    for name in names:
        if name not in TRACKERS:
            raise unknown_name("tracking", name, TRACKERS)
        missing = [package for package in TRACKERS[name] if find_spec(package) is None]
        if missing:
            msg = (
                f"tracking with {name} needs the package {missing[0]}, which is not installed: "
                "pip install 'mia-bench[tracking]'"
            )
            raise StudyError(msg)


def make_trackers(
    names: Sequence[str], *, study: str, out: Path, executor: str = "local"
) -> tuple[Tracker, ...]:
    """Return the trackers of these names, ready for worker processes.

    Args:
        names: Checked by ``check_trackers``.
        study: The study's name.
        out: The study's folder.
        executor: Name of the executor that does the runs.

    Raises:
        StudyError: A server that is missing or does not answer.
    """
    modules = [importlib.import_module(f"mia_bench.tracking.{name}") for name in names]
    return tuple(module.prepare(study=study, out=out, executor=executor) for module in modules)
