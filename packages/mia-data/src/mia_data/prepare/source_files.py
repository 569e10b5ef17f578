"""Files and folders of a raw source: places, absent ones, and checks of names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mia_data.errors import DataError
from mia_data.file_list import check_names
from mia_data.files import is_file, is_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from mia_data.prepare.plan import Options, SourceImage

_SHOWN = 3


def find_folder(source: Path, candidates: Sequence[str], what: str) -> Path:
    """Return the first of some folders that is there.

    Args:
        source: The folder of the raw source.
        candidates: Folders inside it, or ``""`` for itself.
        what: Their content, for the message.

    Raises:
        DataError: None of them is there.
    """
    found = first_present(source, candidates, is_folder)
    if found is None:
        places = " or ".join(str(source / name) for name in candidates)
        msg = f"{source} holds no {what}, expected them in {places}"
        raise DataError(msg)
    return found


def find_table(source: Path, candidates: Sequence[str]) -> Path:
    """Return the first of some tables that is there.

    Raises:
        DataError: None of them is there.
    """
    found = first_present(source, candidates, is_file)
    if found is None:
        msg = f"{source} holds no table {' or '.join(candidates)}, expected one of them"
        raise DataError(msg)
    return found


def first_present(
    source: Path, candidates: Sequence[str], is_there: Callable[[Path], bool]
) -> Path | None:
    """Return the first of some paths for which ``is_there`` is true; None if there is none."""
    return next((source / name for name in candidates if is_there(source / name)), None)


def present(images: Sequence[SourceImage], options: Options) -> list[SourceImage]:
    """Return the images whose files are there.

    Raises:
        DataError: Some are absent, and that is not allowed.
    """
    absent = [str(image.path) for image in images if not is_file(image.path)]
    check_missing(absent, len(images), options)
    missing = set(absent)
    return [image for image in images if str(image.path) not in missing]


def check_missing(absent: Sequence[str], total: int, options: Options) -> None:
    """Refuse absent files unless that is allowed.

    Raises:
        DataError: Some are absent; the message has their number and the first few.
    """
    if absent and not options.allow_missing:
        shown = ", ".join(absent[:_SHOWN])
        more = f" and {len(absent) - _SHOWN} more" if len(absent) > _SHOWN else ""
        msg = (
            f"{len(absent)} of {total} source files do not exist: {shown}{more}; expected all of "
            "them (allow_missing leaves them out)"
        )
        raise DataError(msg)


def check_ids(path: Path, ids: list[str]) -> None:
    """Refuse ids that are no names of files.

    Raises:
        DataError: One is not.
    """
    check_names(ids, str(path))
    bad = next((name for name in ids if "/" in name or name.startswith(".")), None)
    if bad is not None:
        msg = f"{path} has the id {bad!r}, expected the name of a file without its suffix"
        raise DataError(msg)
