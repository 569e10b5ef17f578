"""Decoding of the files of a folder, in order and a few images at a time."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING

import mia_data
from mia_data import DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from mia_data import Decoded

    from mia_bench.inference.anonymous_ids import ImageIds
    from mia_bench.inference.journal import JournalEntry
    from mia_bench.inference.model_folder import Preprocessing
    from mia_bench.inference.writer import ScoringWriter

# A chunk ends early where its originals fill so much memory.
CHUNK_BYTES = 1 << 28


@dataclass
class FolderDecoder:
    """Iterator over the images of a folder's files that have not been scored yet, in order.

    Attributes:
        folder: The folder.
        names: Paths of the files inside it.
        preprocessing: How they become images.
        writer: The writer that lists broken files.
        ids: How images are called.
        strict: Whether the first broken file is an error instead.
        allow_damaged: Whether JPEG files that end early are read, see ``mia_data.load``.
        on_progress: Called with the number of files that are done, and of all.
    """

    folder: Path
    names: list[str]
    preprocessing: Preprocessing
    writer: ScoringWriter
    ids: ImageIds
    strict: bool
    allow_damaged: bool
    on_progress: Callable[[int, int], None] | None
    _file: str | None = field(default=None, init=False)  # id of the last one that was scored
    _ids: set[str] = field(default_factory=set, init=False)  # its images, of a volume its slices

    def skip(self, entry: JournalEntry) -> None:
        """Leave out a chunk that was scored before an interruption; call it in their order."""
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
                shown = printable(self.ids.of(name))
                error = DataError(f"cannot read {shown}: its name is not UTF-8")
                self._note(name, error)
        readable = [name for name in self.names if name == printable(name)]
        done = {self.ids.of(name): number for number, name in enumerate(readable, 1)}
        tell = self.on_progress or (lambda done, total: None)
        # A volume may have been scored in part, so the last file is opened again.
        left = readable if self._file is None else readable[done[self._file] - 1 :]
        how = {**asdict(self.preprocessing), "allow_damaged": self.allow_damaged}
        for image in mia_data.decode_files(self.folder, left, **how, on_error=self._note):
            image = replace(image, file=self.ids.of(image.file))
            tell(done[image.file], len(readable))
            if image.id not in self._ids:
                yield image
        tell(len(readable), len(readable))

    def _note(self, file: str, error: DataError) -> None:
        reason = self.ids.reason(str(error), self.folder, file)
        if self.strict and self.ids.are_anonymous:
            raise DataError(reason) from None
        if self.strict:
            raise error
        self.writer.broken[printable(self.ids.of(file))] = " ".join(printable(reason).split())


def printable(name: str) -> str:
    """Return a file's name, escaped where it is not UTF-8."""
    return name.encode("utf-8", "backslashreplace").decode("utf-8")


def chunks(images: Iterable[Decoded], count: int) -> Iterator[list[Decoded]]:
    """Yield lists of at most ``count`` images, fewer where they are very large."""
    chunk: list[Decoded] = []
    held = 0
    for image in images:
        chunk.append(image)
        held += image.original.nbytes + image.image.nbytes
        if len(chunk) == count or held >= CHUNK_BYTES:
            yield chunk
            chunk, held = [], 0
    if chunk:
        yield chunk
