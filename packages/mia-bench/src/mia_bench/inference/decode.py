"""The files of a folder one after another, or a few at a time; broken ones noted, progress told."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

import mia_data
from mia_data import DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from mia_data import Decoded

    from mia_bench.inference.journal import Entry
    from mia_bench.inference.model_folder import Reading
    from mia_bench.inference.writer import Results

# A chunk ends early where its originals fill so much memory.
CHUNK_BYTES = 1 << 28


@dataclass
class Files:
    """Decodes what has not been scored yet, in order.

    Attributes:
        folder: Where the files lie.
        names: Their paths inside it.
        reading: How they become images.
        results: Where broken files are noted.
        strict: Whether the first of them is an error instead.
        on_progress: Told how many files are done, of how many.
    """

    folder: Path
    names: list[str]
    reading: Reading
    results: Results
    strict: bool
    on_progress: Callable[[int, int], None] | None
    _file: str | None = field(default=None, init=False)  # the last one that was scored
    _ids: set[str] = field(default_factory=set, init=False)  # its images, of a volume its slices

    def skip(self, entry: Entry) -> None:
        """Leave out what was scored before an interruption, in the order in which it was."""
        for file, name in zip(entry.files, entry.ids, strict=True):
            if file != self._file:
                self._file = file
                self._ids.clear()
            self._ids.add(name)

    def __iter__(self) -> Iterator[Decoded]:
        """Decode the images, one at a time.

        Raises:
            DataError: With ``strict``, the first file that cannot be read.
        """
        for name in self.names:
            if name != printable(name):
                error = DataError(f"cannot read {printable(name)}: its name is not UTF-8")
                self._note(name, error)
        readable = [name for name in self.names if name == printable(name)]
        done = {name: number for number, name in enumerate(readable, 1)}
        tell = self.on_progress or (lambda done, total: None)
        # A volume may have been scored in part, so the last file is opened again.
        left = readable if self._file is None else readable[done[self._file] - 1 :]
        how = asdict(self.reading)
        for image in mia_data.decode_files(self.folder, left, **how, on_error=self._note):
            tell(done[image.file], len(readable))
            if image.id not in self._ids:
                yield image
        tell(len(readable), len(readable))

    def _note(self, file: str, error: DataError) -> None:
        if self.strict:
            raise error
        self.results.broken[printable(file)] = " ".join(printable(str(error)).split())


def printable(name: str) -> str:
    """A file's name with what is not UTF-8 escaped."""
    return name.encode("utf-8", "backslashreplace").decode("utf-8")


def chunks(images: Iterable[Decoded], count: int) -> Iterator[list[Decoded]]:
    """Lists of at most ``count`` images, fewer where they are very large."""
    chunk: list[Decoded] = []
    held = 0
    for image in images:
        chunk.append(image)
        held += image.original.nbytes
        if len(chunk) == count or held >= CHUNK_BYTES:
            yield chunk
            chunk, held = [], 0
    if chunk:
        yield chunk
