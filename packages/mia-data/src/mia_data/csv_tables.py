"""CSV tables with a header."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from mia_data.errors import DataError, reason
from mia_data.files import read_bytes

if TYPE_CHECKING:
    from pathlib import Path

_MAX_BYTES = 64 << 20


def read_rows(path: Path, columns: tuple[str, ...]) -> list[dict[str, str]]:
    """Read a CSV file with a header that has at least these columns.

    Raises:
        DataError: not text, a column is missing, or a row is too short.
    """
    try:
        text = read_bytes(path, limit=_MAX_BYTES).decode("utf-8-sig")
        reader = csv.DictReader(io.StringIO(text, newline=""))
        rows = list(reader)
    except (UnicodeDecodeError, csv.Error) as error:
        msg = f"{path} is not a CSV table: {reason(error)}"
        raise DataError(msg) from error
    found = reader.fieldnames or ()
    absent = [name for name in columns if name not in found]
    if absent:
        msg = f"{path} has no column {absent[0]!r}, expected {', '.join(columns)} among its columns"
        raise DataError(msg)
    for number, row in enumerate(rows, start=2):
        if any(row[name] is None for name in columns):
            msg = f"{path}, row {number}: expected {len(found)} columns"
            raise DataError(msg)
    return rows
