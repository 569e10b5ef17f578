"""JSON files of a run: read with every key that is needed of them, or a ``StudyError``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from mia_bench.errors import StudyError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

FORMAT = 1  # of run.json
# What is read of run.json, and of its tables.
_RESULT_KEYS = {
    "settings": ("dataset", "label", "method", "seed", "image_size", "channels", "options"),
    "metrics": ("auroc", "ap"),
    "images": ("train", "test"),
    "losses": (),
    "seconds": ("fit", "predict"),
    "peak_memory": ("cpu",),
    "machine": ("device", "name", "threads"),
}


def read_result(path: Path) -> dict[str, Any]:
    """A run.json.

    Raises:
        StudyError: It is damaged, of another format, or not written by this program.
    """
    found = read_json(path, "format", *_RESULT_KEYS)
    if found["format"] != FORMAT:
        msg = f"cannot read {path}: its format is {found['format']}, expected {FORMAT}"
        raise StudyError(msg)
    for table, keys in _RESULT_KEYS.items():
        _require(path, found[table], keys, f"{table}.")
    return found


def read_json(path: Path, *keys: str) -> dict[str, Any]:
    """A JSON file that holds these keys.

    Raises:
        StudyError: It is missing or damaged, or a key is.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        msg = f"cannot read {path}: {error}"
        raise StudyError(msg) from error
    _require(path, found, keys)
    return found


def _require(path: Path, table: Any, keys: Iterable[str], where: str = "") -> None:
    missing = [f"{where}{key}" for key in keys if not isinstance(table, dict) or key not in table]
    if missing:
        msg = f"cannot read {path}: it has no {', '.join(missing)}"
        raise StudyError(msg)
