"""The argument and options that select a study: its file, datasets, methods, seeds, epochs."""

from __future__ import annotations

from dataclasses import fields, replace
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mia_bench.cli.options import (
    ALLOW_DAMAGED,
    ALLOW_EMPTY_MASKS,
    ALLOW_SHARED_FILES,
    ALLOW_SHARED_PATIENTS,
    BRIGHTNESS,
    PATIENTS,
    RESAMPLE_MASKS,
    ROOT,
    CommaSeparated,
)
from mia_bench.detectors.epoch_selection import RULES
from mia_bench.errors import StudyError
from mia_bench.run_folder.reading import Reading
from mia_bench.study.study import MethodEntry
from mia_bench.study.study_file import DEFAULT, read_study

if TYPE_CHECKING:
    from collections.abc import Callable

_OPTIONS = (
    click.argument("study", required=False, type=click.Path(dir_okay=False, path_type=Path)),
    click.option(
        "--datasets",
        type=CommaSeparated(),
        help="Names of datasets, or paths of folders of your own images (default: the study's).",
    ),
    click.option(
        "--methods", type=CommaSeparated(), help="Names of methods (default: the study's)."
    ),
    click.option("--seeds", type=CommaSeparated(int), help="Random seeds (default: the study's)."),
    ROOT,
    click.option(
        "--epochs",
        type=click.IntRange(min=0),
        help="Training epochs of every method (default: the study's or the method's).",
    ),
    click.option(
        "--select",
        type=click.Choice(RULES),
        help="Rule that selects the epoch to keep, without labels (default: the study's, or last).",
    ),
    ALLOW_DAMAGED,
    ALLOW_EMPTY_MASKS,
    ALLOW_SHARED_FILES,
    RESAMPLE_MASKS,
    PATIENTS,
    ALLOW_SHARED_PATIENTS,
    BRIGHTNESS,
    click.option(
        "--as-original",
        is_flag=True,
        help="Set every option that reproduces the behavior of the original study's code.",
    ),
)


def study_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the argument and options of a study; it is called with ``study`` alone."""

    @wraps(command)
    def with_study(
        *,
        study: Path | None,
        datasets: list[str] | None,
        methods: list[str] | None,
        seeds: list[int] | None,
        root: Path | None,
        epochs: int | None,
        select: str | None,
        as_original: bool,
        **rest: Any,
    ) -> Any:
        reading = Reading(**{field.name: rest.pop(field.name) for field in fields(Reading)})
        if any(seed < 0 for seed in seeds or []):
            msg = f"expected seeds from 0, got {seeds}"
            raise StudyError(msg)
        base = read_study(study or DEFAULT)
        if study is None and set(datasets or ()) - {entry.name for entry in base.datasets}:
            # The short schedules are for the built-in phantom: no results to compare with others.
            base = replace(base, methods=tuple(map(_as_published, base.methods)))
        selected = base.choose(
            datasets=datasets,
            methods=methods,
            seeds=seeds,
            root=None if root is None else str(root),
            epochs=epochs,
            select=select,
            as_original=as_original,
            reading=reading,
        )
        return command(study=selected, **rest)

    for option in reversed(_OPTIONS):
        with_study = option(with_study)
    return with_study


def _as_published(entry: MethodEntry) -> MethodEntry:
    """Return the method with the settings of its paper."""
    return MethodEntry(label=entry.label, method=entry.method)
