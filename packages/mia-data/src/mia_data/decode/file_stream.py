"""Decoding of files one after another, for folders of any size."""

from __future__ import annotations

import os
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mia_data.decode.geometry import shown_box
from mia_data.decode.nifti import slice_numbers
from mia_data.decode.reader import Reader, Source, as_array, errors_name
from mia_data.decode.request import Request, make_request
from mia_data.errors import DataError
from mia_data.file_types import is_volume
from mia_data.files import expand_home
from mia_data.links import check_links

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from concurrent.futures import Future
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from mia_data.decode.intensity import Window

_MAX_THREADS = 16


@dataclass(frozen=True, eq=False)
class Decoded:
    """An image at the requested size and at its own.

    Attributes:
        file: Its file's path inside the folder.
        number: Number of the slice in a volume; None for other images.
        image: uint8 (C, size, size).
        original: uint8 (C, H, W), at its own height and width.
        box: Left, top, right, bottom: the part of the original that ``image`` shows.
    """

    file: str
    number: int | None
    image: NDArray[np.uint8]
    original: NDArray[np.uint8]
    box: tuple[int, int, int, int]

    @property
    def id(self) -> str:
        """Return the file; of a volume with the number of the slice: ``scan.nii.gz#012``."""
        return self.file if self.number is None else f"{self.file}#{self.number:03d}"


def decode_files(
    folder: str | Path,
    files: Iterable[str],
    *,
    size: int = 64,
    channels: int = 1,
    resize: str = "squash",
    resample: str = "bilinear",
    window: Window | None = None,
    allow_damaged: bool = False,
    on_error: Callable[[str, DataError], None] | None = None,
) -> Iterator[Decoded]:
    """Decode files one after another, in order, with only a few in memory at a time.

    The images are those of ``from_folder`` with the same arguments.

    Args:
        folder: The folder.
        files: Paths inside it, such as those of ``find_images``.
        size: As in ``load``.
        channels: 1 (gray) or 3 (RGB).
        resize: As in ``load``.
        resample: As in ``load``.
        window: As in ``from_folder``.
        allow_damaged: As in ``load``.
        on_error: Called with each file that cannot be read and the error; the file is then left
            out. Without it, the first such file is an error.

    Raises:
        DataError: An argument is out of its range; a file cannot be read and there is no
            ``on_error``.
    """
    request = make_request(
        size,
        channels,
        resize=resize,
        resample=resample,
        window=window,
        allow_damaged=allow_damaged,
    )
    return _in_order(expand_home(folder), files, request, on_error)


def _in_order(
    folder: Path,
    files: Iterable[str],
    request: Request,
    on_error: Callable[[str, DataError], None] | None,
) -> Iterator[Decoded]:
    threads = min(os.cpu_count() or 1, _MAX_THREADS)
    waiting: deque[tuple[str, Future[list[Decoded]] | None]] = deque()
    with ThreadPoolExecutor(threads) as pool:

        def results() -> Iterator[Decoded]:
            name, task = waiting.popleft()
            try:
                yield from _decode(folder, name, request) if task is None else task.result()
            except DataError as error:
                if on_error is None:
                    raise
                on_error(name, error)

        try:
            for name in files:
                # Slices of a volume are made when they are asked for: all at once may be too many.
                ahead = not is_volume(name)
                task = pool.submit(_decode_all, folder, name, request) if ahead else None
                waiting.append((name, task))
                if len(waiting) > threads:
                    yield from results()
            while waiting:
                yield from results()
        finally:
            pool.shutdown(cancel_futures=True)


def _decode_all(folder: Path, name: str, request: Request) -> list[Decoded]:
    return list(_decode(folder, name, request))


def _decode(folder: Path, name: str, request: Request) -> Iterator[Decoded]:
    check_links(folder, [name])
    path, reader = folder / name, Reader(request)
    numbers: Iterable[int | None] = (None,)
    if is_volume(path):
        with errors_name(path):
            numbers = slice_numbers(path)
    for number in numbers:
        source = Source(str(path), None, number)
        original = reader.read_whole(source)
        yield Decoded(
            file=name,
            number=number,
            image=reader.resize(source, original),
            original=as_array(original),
            box=shown_box(*original.size, request.size, request.resize),
        )
