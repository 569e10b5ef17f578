"""The folder that a dataset is made in, which appears under its name when it is complete."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from mia_data.errors import DataError, reason
from mia_data.file_types import is_image
from mia_data.files import TEMPORARY_PREFIX, exists, is_folder, read_table_bytes, write_file
from mia_data.prepare.folder_lock import LOCK, locked
from mia_data.prepare.run_tasks import run_all
from mia_data.prepare.tasks import check_replace

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mia_data.prepare.plan import Options, Plan


def make_dataset(plan: Plan, final: Path, options: Options) -> int:
    """Make all files of a dataset that are not there yet; return how many were written.

    They are collected in a hidden folder beside ``final``, which is renamed at the end; a run that
    was stopped goes on with what is there. Where ``final`` exists, what is missing in it is added,
    and nothing is replaced.

    Raises:
        DataError: A source file cannot be read, a file cannot be written, or ``final`` holds
            something else.
    """
    is_new = not exists(final) or (is_folder(final) and not any(_files(final, hidden=False)))
    targets = {target for task in plan.tasks for target in task.targets} | set(plan.tables)
    if not is_new:
        _check_others(final, targets)
        for name, content in plan.tables.items():
            _check_table(final / name, content)
        return _write_files(plan, final, options, replace=False)
    unfinished = final.with_name(f".{final.name}-unfinished")
    with locked(unfinished):
        _remove_others(unfinished, targets)
        count = _write_files(plan, unfinished, options, replace=True)
        _publish(unfinished, final)
    return count


def _write_files(plan: Plan, folder: Path, options: Options, *, replace: bool) -> int:
    """Make the images and then the tables; return how many files were written."""
    written = run_all(
        plan.unit,
        lambda task: task.run(folder, replace=replace),
        plan.tasks,
        workers=options.workers,
        progress=options.progress,
    )
    count = sum(written)
    for name, content in plan.tables.items():
        if not exists(folder / name) or read_table_bytes(folder / name) != content:
            write_file(folder / name, content)
            count += 1
    return count


def _files(folder: Path, *, hidden: bool) -> Iterator[str]:
    """Yield the files in a folder and its folders, as paths with forward slashes."""
    for path, _, names in os.walk(folder):
        inner = os.path.relpath(path, folder).replace(os.sep, "/")
        for name in names:
            if hidden or not name.startswith("."):
                yield name if inner == "." else f"{inner}/{name}"


def _remove_others(folder: Path, targets: set[str]) -> None:
    """Remove files of an unfinished folder that the plan does not have."""
    for name in list(_files(folder, hidden=True)):
        if name not in targets and name != LOCK:
            (folder / name).unlink(missing_ok=True)


def _check_others(folder: Path, targets: set[str]) -> None:
    """Refuse a folder with images that the plan does not have; remove unfinished files."""
    for name in list(_files(folder, hidden=True)):
        if name.rpartition("/")[2].startswith(TEMPORARY_PREFIX):
            (folder / name).unlink(missing_ok=True)
    others = sorted(
        name
        for name in _files(folder, hidden=False)
        if name not in targets and is_image(folder / name)
    )
    if others:
        msg = (
            f"{folder} holds {len(others)} images that are not of this set, the first is "
            f"{others[0]!r}; expected none (remove the folder, or give another root)"
        )
        raise DataError(msg)


def _check_table(path: Path, content: bytes) -> None:
    if exists(path) and read_table_bytes(path) != content:
        check_replace(path, replace=False)


def _publish(folder: Path, final: Path) -> None:
    """Give a complete folder its name."""
    try:
        if exists(final):
            # Only an empty folder can make room for another.
            for hidden in final.iterdir():
                hidden.replace(folder / hidden.name)
        (folder / LOCK).unlink(missing_ok=True)
        folder.rename(final)
    except OSError as error:
        msg = f"cannot rename {folder} to {final}: {error.strerror or reason(error)}"
        raise DataError(msg) from error
