"""The arguments that choose a study, shared by the commands that take one."""

from __future__ import annotations

from dataclasses import replace
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mia_bench.cli.options import FOLDER, Commas
from mia_bench.detectors.epoch_selection import RULES
from mia_bench.errors import StudyError
from mia_bench.study.config import DEFAULT, MethodEntry, read_study

if TYPE_CHECKING:
    from collections.abc import Callable

_OPTIONS = (
    click.argument("study", required=False, type=click.Path(dir_okay=False, path_type=Path)),
    click.option("--datasets", type=Commas(), help="Datasets, in place of the study's."),
    click.option("--methods", type=Commas(), help="Methods, in place of the study's."),
    click.option("--seeds", type=Commas(int), help="Seeds, in place of the study's."),
    click.option("--root", type=FOLDER, help="Folder that holds the datasets' folders."),
    click.option("--epochs", type=click.IntRange(min=0), help="Epochs for every method."),
    click.option(
        "--select", type=click.Choice(RULES), help="How every method's epoch is chosen, unlabelled."
    ),
)


def study_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the argument and options of a study; it is called with ``study`` alone."""

    @wraps(command)
    def chosen(
        *,
        study: Path | None,
        datasets: list[str] | None,
        methods: list[str] | None,
        seeds: list[int] | None,
        root: Path | None,
        epochs: int | None,
        select: str | None,
        **rest: Any,
    ) -> Any:
        if any(seed < 0 for seed in seeds or []):
            msg = f"expected seeds from 0, got {seeds}"
            raise StudyError(msg)
        base = read_study(study or DEFAULT)
        if study is None and set(datasets or ()) - {entry.name for entry in base.datasets}:
            # The short schedules are for the embedded phantom: no results to compare with others.
            base = replace(base, methods=tuple(map(_as_published, base.methods)))
        selected = base.choose(
            datasets=datasets,
            methods=methods,
            seeds=seeds,
            root=None if root is None else str(root),
            epochs=epochs,
            select=select,
        )
        return command(study=selected, **rest)

    for option in reversed(_OPTIONS):
        chosen = option(chosen)
    return chosen


def _as_published(entry: MethodEntry) -> MethodEntry:
    """The method with the settings of its paper."""
    return MethodEntry(label=entry.label, method=entry.method)
