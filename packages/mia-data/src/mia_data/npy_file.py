"""Arrays in ``.npy`` files that are filled through a memory map."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np
from numpy.lib.format import open_memmap

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


def create_array(path: Path, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """Create a memory-mapped uint8 ``.npy`` file of zeros.

    Raises:
        OSError: The disk is too full; without the reservation, writing to the map would kill the
            process with a bus error.
    """
    array = open_memmap(path, "w+", np.uint8, shape)
    if hasattr(os, "posix_fallocate"):
        with path.open("r+b") as file:
            os.posix_fallocate(file.fileno(), 0, path.stat().st_size)
    # A plain view: numpy's memmap runs Python code at every indexing.
    return np.asarray(array)
