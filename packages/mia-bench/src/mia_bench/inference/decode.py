"""Decoding of the files of a folder, in order and ahead of their use."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from mia_data import DataError

from mia_bench.inference.loaded_model import BATCH_BYTES, bytes_of
from mia_bench.inference.prefetch import prefetch

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence
    from pathlib import Path

    from mia_data import Decoded

    from mia_bench.inference.anonymous_ids import ImageIds
    from mia_bench.inference.journal import JournalEntry
    from mia_bench.inference.loaded_model import LoadedModel
    from mia_bench.inference.writer import ScoringWriter

    # Files that cannot be read and why, and the image behind them.
    _Event = tuple[Sequence[tuple[str, DataError]], Decoded | None]


@dataclass
class FolderDecoder:
    """Iterator over the images of a folder's files that have not been scored yet, in order.

    Attributes:
        folder: The folder.
        names: Paths of the files inside it.
        model: The model that decodes them.
        writer: The writer that lists broken files.
        ids: How images are called.
        strict: Whether the first broken file is an error instead.
        allow_damaged: Whether JPEG files that end early are read, see ``mia_data.load``.
        on_progress: Called with the number of files that are done, and of all.
        ahead: Number of images that a thread decodes ahead of their use.
    """

    folder: Path
    names: list[str]
    model: LoadedModel
    writer: ScoringWriter
    ids: ImageIds
    strict: bool
    allow_damaged: bool
    on_progress: Callable[[int, int], None] | None
    ahead: int
    _file: str | None = field(default=None, init=False)  # id of the last one that was scored
    _ids: set[str] = field(default_factory=set, init=False)  # its images, of a volume its slices

    def skip(self, entry: JournalEntry) -> None:
        """Leave out a chunk that was scored before an interruption; call it in their order."""
        for file, name in zip(entry.files, entry.ids, strict=True):
            if file != self._file:
                self._file = file
                self._ids.clear()
            self._ids.add(name)

    def __iter__(self) -> Generator[Decoded, None, None]:
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
        ahead = prefetch(self._decode(left), count=self.ahead, size=_size, most=BATCH_BYTES)
        with closing(ahead) as events:
            for broken, decoded in events:
                for file, error in broken:
                    self._note(file, error)
                if decoded is not None:
                    image = replace(decoded, file=self.ids.of(decoded.file))
                    tell(done[image.file], len(readable))
                    if image.id not in self._ids:
                        yield image
        tell(len(readable), len(readable))

    def _decode(self, names: Sequence[str]) -> Generator[_Event, None, None]:
        """Yield each image with the broken files before it, and at the end those behind the last.

        A thread of its own calls this, so it leaves what it finds to the caller.
        """
        broken: list[tuple[str, DataError]] = []
        images = self.model.decode(
            self.folder,
            names,
            allow_damaged=self.allow_damaged,
            on_error=lambda file, error: broken.append((file, error)),
        )
        for image in images:
            yield tuple(broken), image
            broken.clear()
        yield tuple(broken), None

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


def _size(event: _Event) -> int:
    """Return the bytes of a decoded image, which wait for their use."""
    _, image = event
    return 0 if image is None else bytes_of(image)
