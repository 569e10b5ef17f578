"""Refusal of options that a source leaves no room for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mia_data.errors import DataError

if TYPE_CHECKING:
    from mia_data.prepare.plan import Options


def check_no_split(name: str, options: Options) -> None:
    """Refuse a split file and a table of patients for a source that has a split of its own.

    Raises:
        DataError: One of them is given.
    """
    for what, path in (("split", options.split_file), ("patients", options.patients_file)):
        if path is not None:
            msg = f"{name} is split by its source, expected no file of {what}, got {path}"
            raise DataError(msg)


def check_no_patients(name: str, options: Options) -> None:
    """Refuse a table of patients for a source that names them itself.

    Raises:
        DataError: One is given.
    """
    if options.patients_file is not None:
        msg = f"{name} names its patients itself, expected no table, got {options.patients_file}"
        raise DataError(msg)
