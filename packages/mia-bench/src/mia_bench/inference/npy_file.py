"""Arrays of numbers in .npy files that may be damaged or hostile."""

from __future__ import annotations

import io
import math
import warnings
from typing import TYPE_CHECKING

import numpy as np

from mia_bench.errors import StudyError
from mia_bench.run_folder.bounded_file import read_bounded

if TYPE_CHECKING:
    from pathlib import Path

_HEADER_BYTES = 10_000  # of a header, as NumPy itself allows


def read_numbers(path: Path, count: int, dtype: str) -> np.ndarray:
    """Return the array of a file, (count,) of this type; the file's size bounds what is read.

    Raises:
        StudyError: The file is missing, no regular file, too large, damaged, or holds an array of
            another shape or type, or with NaN or infinity.
    """
    needed = count * np.dtype(dtype).itemsize
    content = read_bounded(path, needed + _HEADER_BYTES)
    file = io.BytesIO(content)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of headers that Python 2 has written
            shape, _, found = _read_header(file)
    except Exception as error:  # NumPy fails in many ways on a damaged header
        msg = f"cannot read {path}: {' '.join(str(error).split())[:200]}"
        raise StudyError(msg) from error
    if shape != (count,) or found != np.dtype(dtype):
        msg = f"cannot read {path}: expected {dtype} ({count},), got {found} {shape}"
        raise StudyError(msg)
    start = file.tell()
    if len(content) - start != needed:
        msg = f"cannot read {path}: expected {needed} bytes of numbers, got {len(content) - start}"
        raise StudyError(msg)
    values = np.frombuffer(content, found, offset=start)
    if found.kind == "f" and not np.isfinite(values).all():
        msg = f"cannot read {path}: expected finite numbers, got NaN or infinity"
        raise StudyError(msg)
    return values


def _read_header(file: io.BytesIO) -> tuple[tuple[int, ...], bool, np.dtype]:
    version = np.lib.format.read_magic(file)
    readers = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }
    if version not in readers:
        msg = f"its version of the format is {version}"
        raise ValueError(msg)
    shape, order, found = readers[version](file, max_header_size=_HEADER_BYTES)
    if found.hasobject or math.prod(shape) < 0:
        msg = f"expected numbers, got {found} {shape}"
        raise ValueError(msg)
    return shape, order, found
