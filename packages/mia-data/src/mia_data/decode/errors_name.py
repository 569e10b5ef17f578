"""Errors of decoders as errors of ours."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from mia_data.errors import DataError, reason

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def errors_name(path: Path | str) -> Iterator[None]:
    """Turn any exception inside the block into a DataError that names the file."""
    try:
        yield
    except DataError:
        raise
    except Exception as error:
        # Decoders of damaged or hostile files raise whatever they stumble over.
        msg = f"cannot read {path}: {reason(error)}"
        raise DataError(msg) from error
