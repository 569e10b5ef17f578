"""Reading of normal images so that no name of a file outlives it."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from mia_data import DataError

from mia_bench.errors import StudyError
from mia_bench.inference.normal_split import TooFewImagesError

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator


@contextmanager
def cache_for_fit(*, anonymous: bool) -> Iterator[Path | None]:
    """Yield a cache folder that is removed when the block ends; None for the usual cache."""
    if not anonymous:
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="mia-bench-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@contextmanager
def names_hidden(*folders: str | os.PathLike[str] | None, anonymous: bool) -> Iterator[None]:
    """Replace errors of the block about files in these folders by one without their names.

    Raises:
        StudyError: In the place of such an error.
    """
    try:
        yield
    except TooFewImagesError:
        raise
    except (DataError, StudyError):
        given = [Path(folder).expanduser() for folder in folders if folder is not None]
        if not (anonymous and all(folder.is_dir() for folder in given)):
            raise  # A folder is missing, and the message names only that.
        msg = (
            "the normal images cannot be used as they are; the reason names files, which "
            "--anonymous leaves out: call fit without it to see the reason"
        )
        raise StudyError(msg) from None
