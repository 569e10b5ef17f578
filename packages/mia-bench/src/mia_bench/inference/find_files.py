"""The files of a folder that are scored, and a fingerprint of them."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

import mia_data
from mia_data import DataError

from mia_bench.errors import StudyError
from mia_bench.inference.output_files import HEATMAPS, MAPS, SCORES, SEGMENTATIONS, SUMMARY

if TYPE_CHECKING:
    from collections.abc import Iterator


class FoundFiles(NamedTuple):
    """The files of a folder.

    Attributes:
        files: Images to score, sorted.
        passed_over: Number of other files and links to folders, without hidden ones.
        example: One of these, None where there is none.
    """

    files: list[str]
    passed_over: int
    example: str | None


def find_files(folder: Path, out: Path, *, anonymous: bool = False) -> FoundFiles:
    """Find the images to score: those of ``test`` where there is ``train`` too, or all.

    With ``anonymous`` neither the example nor an error names a file or a folder in ``folder``.
    Files in ``out``, and heatmaps, maps and segmentations of an earlier scoring are left out.

    Raises:
        StudyError: There is no image.
        DataError: A folder that cannot be read.
    """
    split = (folder / "train").is_dir() and (folder / "test").is_dir()
    prefix = "test/" if split else ""
    files = [prefix + name for name in _list(folder, prefix, anonymous=anonymous)]
    root = folder.resolve()
    own = (out.relative_to(root).as_posix() + "/",) if root in out.parents else ()
    images = set(files)
    others = [
        name
        for name in _everything(folder, prefix)
        if name not in images and not name.startswith(own)
    ]
    files = [name for name in files if not name.startswith(own)]
    drawn = _results(folder, files)
    files = [name for name in files if not name.startswith(drawn)]
    if not files:
        msg = f"the folder {folder} holds no image outside of {out}"
        raise StudyError(msg)
    return FoundFiles(files, len(others), None if anonymous else min(others, default=None))


def _list(folder: Path, prefix: str, *, anonymous: bool) -> list[str]:
    try:
        return mia_data.find_images(folder / prefix)
    except DataError as error:
        if not anonymous or f"{folder}{os.sep}" not in str(error):
            raise
        msg = f"a folder in {folder} cannot be listed, expected folders that can be read"
        raise DataError(msg) from None


def _everything(folder: Path, prefix: str) -> Iterator[str]:
    """Yield all files and links to folders below, as paths inside the folder, no hidden ones."""
    for where, folders, names in os.walk(folder / prefix):
        folders[:] = [name for name in folders if not name.startswith(".")]
        inner = Path(where).relative_to(folder).as_posix()
        links = [name for name in folders if Path(where, name).is_symlink()]
        for name in (*names, *links):
            if not name.startswith("."):
                yield name if inner == "." else f"{inner}/{name}"


def _results(folder: Path, files: list[str]) -> tuple[str, ...]:
    """Return prefixes of the files that lie among the pictures and maps of a folder of scores."""
    parents = {parent for name in files for parent in PurePosixPath(name).parents}
    return tuple(
        f"{parent}/"
        for parent in parents
        if parent.name in (HEATMAPS, MAPS, SEGMENTATIONS)
        and all((folder / parent.parent / name).is_file() for name in (SUMMARY, SCORES))
    )


def fingerprint(folder: Path, files: list[str]) -> str:
    """Return a hash that changes with the names, sizes and times of the files."""
    digest = hashlib.sha256()
    for name in files:
        try:
            facts = (folder / name).stat()
        except OSError:
            digest.update(f"{name!a} cannot be read".encode())
            continue
        digest.update(f"{name!a} {facts.st_size} {facts.st_mtime_ns}\n".encode())
    return digest.hexdigest()
