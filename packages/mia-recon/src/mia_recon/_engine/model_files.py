"""The two files of a saved model, read with bounds: they may be a stranger's."""

from __future__ import annotations

import json
import math
import os
import stat
import struct
from typing import TYPE_CHECKING, Any, NoReturn

from safetensors.torch import load_file

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from torch import Tensor

TENSORS, META = "model.safetensors", "model.json"
MAX_META_BYTES = 16 << 20  # the history of 100,000 epochs needs as much
TENSOR_LIMIT = "MIA_MAX_MODEL_BYTES"  # the environment variable that sets another
MAX_TENSOR_BYTES = 8 << 30
MAX_HEADER_BYTES = 16 << 20  # of about 100,000 tensors
MAX_TABLES = 1_000_000  # tables and lists in the JSON file, each of which takes memory
MAX_DEPTH = 64
MAX_DIGITS = 40  # of a number


def read_facts(path: Path) -> Any:
    """Return what a JSON file holds.

    Raises:
        ValueError: Not a regular file, too large or too deep, not UTF-8, not JSON, or with numbers
            that are not finite.
        OSError: It cannot be read.
    """
    _check_file(path, MAX_META_BYTES)
    with path.open("rb") as file:  # the file may have grown since
        text = file.read(MAX_META_BYTES).decode("utf-8")
    if text.count("[") + text.count("{") > MAX_TABLES:
        msg = f"{path.name} holds more than {MAX_TABLES} tables and lists"
        raise ValueError(msg)
    try:
        facts = json.loads(text, parse_int=_whole, parse_float=_finite, parse_constant=_refuse)
    except RecursionError:
        facts = None
        deep = True
    else:
        deep = _is_deep(facts)
    if deep:
        msg = f"{path.name} is nested more than {MAX_DEPTH} deep"
        raise ValueError(msg)
    return facts


def read_tensors(path: Path) -> dict[str, Tensor]:
    """Return the tensors of a safetensors file by name; the file is mapped, not read.

    Raises:
        ValueError, SafetensorError: Not a regular file, too large, or damaged.
        OSError: It cannot be read.
    """
    _check_file(path, _max_tensor_bytes(), f" ({TENSOR_LIMIT})")
    with path.open("rb") as file:
        start = file.read(8)
    if len(start) < 8:
        msg = f"{path.name} ends within its first 8 bytes"
        raise ValueError(msg)
    (length,) = struct.unpack("<Q", start)
    if length > min(MAX_HEADER_BYTES, path.stat().st_size - 8):
        msg = f"the header of {path.name} says that it has {length} bytes, more than it may"
        raise ValueError(msg)
    return load_file(path)


def _max_tensor_bytes() -> int:
    text = os.environ.get(TENSOR_LIMIT)
    if not text:
        return MAX_TENSOR_BYTES
    if not (text.isascii() and text.isdigit() and len(text) < 20 and 0 < int(text) < 1 << 63):
        msg = f"expected {TENSOR_LIMIT} to be a whole number above 0, got {text!r}"
        raise ValueError(msg)
    return int(text)


def _check_file(path: Path, limit: int, how_to_set: str = "") -> None:
    """Refuse what is no regular file (a pipe would be waited for without end) or too large."""
    found = path.stat()
    if not stat.S_ISREG(found.st_mode):
        msg = f"{path.name} is not a regular file"
        raise ValueError(msg)
    if found.st_size > limit:
        msg = f"{path.name} has {found.st_size} bytes, expected at most {limit}{how_to_set}"
        raise ValueError(msg)


def _whole(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        msg = f"expected whole numbers of at most {MAX_DIGITS} digits, got {len(digits)}"
        raise ValueError(msg)
    return int(digits)


def _finite(digits: str) -> float:
    value = float(digits)
    return value if math.isfinite(value) else _refuse(digits[:MAX_DIGITS])


def _refuse(value: str) -> NoReturn:
    msg = f"expected finite numbers, got {value}"
    raise ValueError(msg)


def _is_deep(value: Any) -> bool:
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [part for each in level for part in _parts(each)]
        if not level:
            return False
    return True


def _parts(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        yield from value.values()
    elif isinstance(value, list):
        yield from value
