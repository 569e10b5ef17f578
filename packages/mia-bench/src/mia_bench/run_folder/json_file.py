"""JSON files that may be damaged or hostile: read with bounds, values taken with their types."""

from __future__ import annotations

import json
import math
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from mia_bench.errors import StudyError
from mia_bench.run_folder.bounded_file import read_bounded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

MAX_BYTES = 16 << 20  # a run of 100,000 epochs needs as much
MAX_DEPTH = 20  # of values whose form is the method's own
MAX_WHOLE = 1 << 63
MAX_SHOWN = 60  # characters of a value or key in an error

_T = TypeVar("_T")


def read_json(path: Path) -> JsonTable:
    """Read the table that a JSON file holds.

    Raises:
        StudyError: The file is missing, no regular file, too large, not UTF-8, not JSON, nested
            too deeply, or holds something other than a table.
    """
    content = read_bounded(path, MAX_BYTES)
    try:
        values = json.loads(content.decode("utf-8"))
    except RecursionError:
        _refuse(path, "it is nested too deeply")
    except ValueError as error:
        msg = f"cannot read {path}: {error}"
        raise StudyError(msg) from error
    if not isinstance(values, dict):
        _refuse(path, f"expected a table, got {_shown(values)}")
    return JsonTable(path, values)


@dataclass(frozen=True)
class JsonTable:
    """A table of a JSON file, whose values are taken by key and type.

    Every method that takes a value raises a ``StudyError`` that names the file and the key where
    the value is missing or of another type.

    Attributes:
        path: The file, for errors.
        values: The table as it was parsed.
        where: Key of the table in the file with a dot behind it; empty for the whole file.
    """

    path: Path
    values: dict[str, Any]
    where: str = ""

    def require(self, *keys: str) -> None:
        """Check that the table has all these keys."""
        missing = [f"{self.where}{key}" for key in keys if key not in self.values]
        if missing:
            _refuse(self.path, f"it has no {', '.join(missing)}")

    def optional(self, take: Callable[[JsonTable, str], _T], key: str) -> _T | None:
        """Take a value by one of the methods below; None where it is missing or null."""
        return None if self.values.get(key) is None else take(self, key)

    def text(self, key: str) -> str:
        """Take a text."""
        value = self._value(key)
        if not isinstance(value, str) or not _is_unicode(value):
            self._expected(key, "a text", value)
        return value

    def file_name(self, key: str) -> str:
        """Take the path of a file, which need not be UTF-8."""
        value = self._value(key)
        if not isinstance(value, str) or not value or "\0" in value or not _is_encodable(value):
            self._expected(key, "a path", value)
        return value

    def message(self, key: str) -> str:
        """Take a text that may hold a file name that is not UTF-8, which is made readable."""
        value = self._value(key)
        if not isinstance(value, str):
            self._expected(key, "a text", value)
        return value.encode("utf-8", "replace").decode("utf-8")

    def names(self) -> list[str]:
        """Return the keys of a table whose keys are names of things, checked like texts."""
        for name in self.values:
            if not _is_unicode(name):
                _refuse(self.path, f"{self.where}{_shortened(name)} is not a name")
        return list(self.values)

    def flag(self, key: str) -> bool:
        """Take true or false."""
        value = self._value(key)
        if not isinstance(value, bool):
            self._expected(key, "true or false", value)
        return value

    def whole(self, key: str, least: int = 0) -> int:
        """Take a whole number that is at least ``least``."""
        value = self._value(key)
        whole = isinstance(value, int) and not isinstance(value, bool)
        if not whole or not least <= value < MAX_WHOLE:
            self._expected(key, f"a whole number from {least}", value)
        return value

    def number(self, key: str, low: float = -math.inf, high: float = math.inf) -> float:
        """Take a finite number from ``low`` to ``high``."""
        value = self._value(key)
        if not _is_finite(value) or not low <= value <= high:
            bounds = "" if low == -math.inf else f" from {low:g}"
            bounds += "" if high == math.inf else f" to {high:g}"
            self._expected(key, f"a finite number{bounds}", value)
        return float(value)

    def table(self, key: str) -> JsonTable:
        """Take a table."""
        value = self._value(key)
        if not isinstance(value, dict):
            self._expected(key, "a table", value)
        return JsonTable(self.path, value, f"{self.where}{_shortened(key)}.")

    def tables(self, key: str) -> list[JsonTable]:
        """Take a list of tables."""
        value = self._value(key)
        if not isinstance(value, list):
            self._expected(key, "a list", value)
        where = f"{self.where}{key}"
        for number, each in enumerate(value):
            if not isinstance(each, dict):
                _refuse(self.path, f"expected {where}.{number} to be a table, got {_shown(each)}")
        return [JsonTable(self.path, each, f"{where}.{n}.") for n, each in enumerate(value)]

    def interval(self, key: str) -> tuple[float, float]:
        """Take a list of two finite numbers."""
        value = self._value(key)
        if not isinstance(value, list) or len(value) != 2 or not all(map(_is_finite, value)):
            self._expected(key, "a list of two finite numbers", value)
        return float(value[0]), float(value[1])

    def plain(self, key: str) -> dict[str, Any]:
        """Take a table of any JSON values, nested at most ``MAX_DEPTH`` deep, numbers finite."""
        table = self.table(key)
        level: list[tuple[str, Any]] = [(key, table.values)]
        for _ in range(MAX_DEPTH):
            level = [
                (inner, each) for outer, value in level for inner, each in _parts(outer, value)
            ]
            for name, each in level:
                if not _is_unicode(name) or (isinstance(each, str) and not _is_unicode(each)):
                    self._expected(name, "a text", each)
                if isinstance(each, float) and not math.isfinite(each):
                    self._expected(name, "a finite number", each)
        if level:
            _refuse(self.path, f"{self.where}{key} is nested too deeply")
        return table.values

    def _value(self, key: str) -> Any:
        self.require(key)
        return self.values[key]

    def _expected(self, key: str, what: str, value: Any) -> NoReturn:
        name = f"{self.where}{_shortened(key)}"
        _refuse(self.path, f"expected {name} to be {what}, got {_shown(value)}")


def _parts(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Yield the name and value of each part of a table or list."""
    if isinstance(value, dict):
        yield from ((f"{name}.{key}", each) for key, each in value.items())
    elif isinstance(value, list):
        yield from ((f"{name}.{number}", each) for number, each in enumerate(value))


def _is_unicode(text: str) -> bool:
    """Return False for half a surrogate pair, which JSON can hold and no file or terminal."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_encodable(path: str) -> bool:
    """Return whether a file can have this name, which half a surrogate pair may stand in."""
    try:
        os.fsencode(path)
    except UnicodeEncodeError:
        return False
    return True


def _is_finite(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    return abs(value) < MAX_WHOLE if isinstance(value, int) else math.isfinite(value)


def _shown(value: Any) -> str:
    """Return a value as JSON writes it, shortened; a list or table by its kind alone."""
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, list):
        return "a list"
    return _shortened(json.dumps(value))


def _shortened(text: str) -> str:
    shown = text if _is_unicode(text) else ascii(text)
    return shown if len(shown) <= MAX_SHOWN else f"{shown[: MAX_SHOWN - 3]}..."


def _refuse(path: Path, why: str) -> NoReturn:
    msg = f"cannot read {path}: {why}"
    raise StudyError(msg)
