"""Files of arrays that may be damaged or hostile: read with bounds, and never unpickled."""

from __future__ import annotations

import io
import zlib
from typing import TYPE_CHECKING
from zipfile import BadZipFile, ZipFile

import numpy as np

from mia_bench.errors import StudyError
from mia_bench.run_folder.bounded_file import read_bounded

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def read_arrays(
    path: Path, names: Sequence[str], *, max_bytes: int, optional: Sequence[str] = ()
) -> dict[str, np.ndarray]:
    """Return arrays of an .npz by name; of the optional ones those that it has.

    Raises:
        StudyError: The file is missing, damaged, or larger than ``max_bytes``, compressed or not,
            or an array is missing.
    """
    content = read_bounded(path, max_bytes)
    try:
        with ZipFile(io.BytesIO(content)) as archive:
            inflated = sum(each.file_size for each in archive.infolist())
        if inflated > max_bytes:
            msg = f"expected at most {max_bytes} bytes of arrays, got {inflated}"
            raise ValueError(msg)
        with np.load(io.BytesIO(content), allow_pickle=False) as file:
            wanted = [*names, *(name for name in optional if name in file.files)]
            return {name: file[name] for name in wanted}
    except (
        *(OSError, ValueError, KeyError, EOFError, BadZipFile, zlib.error),
        *(NotImplementedError, RuntimeError),  # an unknown or encrypted form of compression
    ) as error:
        msg = f"cannot read {path}: {error}"
        raise StudyError(msg) from error
