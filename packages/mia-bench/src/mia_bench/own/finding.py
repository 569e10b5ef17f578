"""Which files of a folder are scored, and whether they are still the same."""

from __future__ import annotations

import hashlib
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import mia_data

from mia_bench.errors import StudyError
from mia_bench.own.results import HEATMAPS, SCORES, SUMMARY

if TYPE_CHECKING:
    from pathlib import Path


def find_files(folder: Path, out: Path) -> list[str]:
    """Images to score: of ``test`` where there is ``train`` too, else all.

    Nothing of ``out``, and no heatmap that an earlier scoring left.
    """
    split = (folder / "train").is_dir() and (folder / "test").is_dir()
    prefix = "test/" if split else ""
    files = [prefix + name for name in mia_data.find_images(folder / prefix)]
    root = folder.resolve()
    if root in out.parents:
        own = out.relative_to(root).as_posix() + "/"
        files = [name for name in files if not name.startswith(own)]
    drawn = _heatmaps(folder, files)
    files = [name for name in files if not name.startswith(drawn)]
    if not files:
        msg = f"the folder {folder} holds no image outside of {out}"
        raise StudyError(msg)
    return files


def _heatmaps(folder: Path, files: list[str]) -> tuple[str, ...]:
    """Prefixes of the files that lie among the heatmaps of a folder of scores."""
    parents = {parent for name in files for parent in PurePosixPath(name).parents}
    return tuple(
        f"{parent}/"
        for parent in parents
        if parent.name == HEATMAPS
        and all((folder / parent.parent / name).is_file() for name in (SUMMARY, SCORES))
    )


def fingerprint(folder: Path, files: list[str]) -> str:
    """Changes with the names, sizes and times of the files."""
    digest = hashlib.sha256()
    for name in files:
        try:
            facts = (folder / name).stat()
        except OSError:
            digest.update(f"{name!a} cannot be read".encode())
            continue
        digest.update(f"{name!a} {facts.st_size} {facts.st_mtime_ns}\n".encode())
    return digest.hexdigest()
