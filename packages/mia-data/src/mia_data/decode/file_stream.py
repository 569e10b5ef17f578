"""Decoding of files one after another, for folders of any size."""

from __future__ import annotations

import os
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mia_data.decode.dicom_series import VolumeWindows
from mia_data.decode.geometry import shown_box
from mia_data.decode.reader import Reader, as_array
from mia_data.decode.request import Request, make_request
from mia_data.decode.sources import find_sources
from mia_data.errors import DataError
from mia_data.files import expand_home
from mia_data.links import check_links

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from concurrent.futures import Future
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from mia_data.decode.intensity import Window
    from mia_data.decode.sources import Source

_MAX_THREADS = 16


@dataclass(frozen=True, eq=False)
class Decoded:
    """An image at the requested size and at its own.

    Attributes:
        file: Its file's path inside the folder.
        number: Number of the slice in a volume, or of the frame in a DICOM file of several; None
            for other images.
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
        """Return the file, with the number of the slice or frame if any: ``scan.nii.gz#012``."""
        return self.file if self.number is None else f"{self.file}#{self.number:03d}"


def decode_files(
    folder: str | Path,
    files: Iterable[str],
    *,
    size: int = 64,
    channels: int = 1,
    resize: str = "squash",
    resample: str = "bilinear",
    brightness: str | None = None,
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
        brightness: As in ``load``; the image at its own size stays as it is.
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
        brightness=brightness,
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
    windows = VolumeWindows()
    waiting: deque[tuple[str, Future[Iterator[Decoded]]]] = deque()
    with ThreadPoolExecutor(threads) as pool:

        def results() -> Iterator[Decoded]:
            name, task = waiting.popleft()
            try:
                yield from task.result()
            except DataError as error:
                if on_error is None:
                    raise
                on_error(name, error)

        try:
            for name in files:
                waiting.append((name, pool.submit(_start, folder, name, request, windows)))
                if len(waiting) > threads:
                    yield from results()
            while waiting:
                yield from results()
        finally:
            pool.shutdown(cancel_futures=True)


def _start(folder: Path, name: str, request: Request, windows: VolumeWindows) -> Iterator[Decoded]:
    """Decode a file of one image; of others the images are made when they are asked for."""
    check_links(folder, [name])
    sources = find_sources(str(folder / name))
    reader = Reader(request, windows)
    images = (_decode(name, source, reader, request) for source in sources)
    return images if len(sources) > 1 else iter(list(images))


def _decode(name: str, source: Source, reader: Reader, request: Request) -> Decoded:
    original = reader.read_whole(source)
    return Decoded(
        file=name,
        number=source.number,
        image=reader.resize(source, original),
        original=as_array(original),
        box=shown_box(*original.size, request.size, request.resize),
    )
