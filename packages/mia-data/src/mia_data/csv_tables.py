"""CSV tables with a header."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mia_data.errors import DataError, reason
from mia_data.files import read_table_bytes

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Row:
    """One row of a table: its values by column, and the line of the file on which it ends."""

    line: int
    values: dict[str, str]


def read_rows(path: Path, columns: tuple[str, ...]) -> list[Row]:
    """Read a CSV file with a header that has at least these columns.

    Blank lines, and empty values beyond the last column, are passed over.

    Raises:
        DataError: The file is not text, a column is missing or there twice, or a row has too few
            or too many values.
    """
    try:
        text = read_table_bytes(path).decode("utf-8-sig")
        reader = csv.DictReader(io.StringIO(text, newline=""))
        header = list(reader.fieldnames or ())
        rows = [Row(reader.line_num, row) for row in reader]
    except (UnicodeDecodeError, csv.Error) as error:
        msg = f"{path} is not a CSV table: {reason(error)}"
        raise DataError(msg) from error
    _check_header(path, header, columns)
    for row in rows:
        if any(row.values[name] is None for name in columns):
            msg = f"{path}, line {row.line}: expected {len(header)} columns"
            raise DataError(msg)
        # What is beyond the columns has the name None.
        more = row.values.pop(None, ())  # type: ignore[call-overload]
        if any(more):
            msg = f"{path}, line {row.line}: expected {len(header)} columns, got also {more[0]!r}"
            raise DataError(msg)
    return rows


def _check_header(path: Path, header: list[str], columns: tuple[str, ...]) -> None:
    absent = [name for name in columns if name not in header]
    if absent:
        msg = f"{path} has no column {absent[0]!r}, expected {', '.join(columns)} among its columns"
        other = next((mark for mark in (";", "\t") if any(mark in name for name in header)), None)
        if other is not None:
            msg += f", separated by ',' and not by {other!r}"
        raise DataError(msg)
    twice = [name for name in columns if header.count(name) > 1]
    if twice:
        msg = f"{path} has the column {twice[0]!r} {header.count(twice[0])} times, expected it once"
        raise DataError(msg)
