"""Output folders that appear whole or not at all."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from mia_bench.errors import StudyError

if TYPE_CHECKING:
    from collections.abc import Iterator


def check_replaceable(path: Path, *, marker: str, what: str) -> None:
    """Refuse to write where something else is.

    Args:
        path: The folder that is to be written.
        marker: A file that every folder of this kind holds.
        what: The kind, for the message.

    Raises:
        StudyError: The path is a file, or a folder that is neither empty nor of this kind.
    """
    if path.is_dir():
        free = (path / marker).is_file() or not any(path.iterdir())
    else:
        free = not path.exists()
    if not free:
        msg = f"will not overwrite {path}: expected a new or empty folder, or {what}"
        raise StudyError(msg)


@contextmanager
def replacing(path: Path, *, marker: str, what: str) -> Iterator[Path]:
    """An empty folder that takes the place of ``path`` when the block ends without error.

    Raises:
        StudyError: See ``check_replaceable``.
    """
    check_replaceable(path, marker=marker, what=what)
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{path.name}-", dir=path.parent) as temporary:
        fresh = Path(temporary, "new")
        fresh.mkdir()
        yield fresh
        put_in_place(fresh, path, aside=Path(temporary, "old"))


def put_in_place(fresh: Path, path: Path, *, aside: Path) -> None:
    """Let a folder take the place of ``path``; what was there goes aside."""
    if path.exists():
        path.rename(aside)
    fresh.rename(path)
