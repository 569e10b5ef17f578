"""Journal of a scoring: a line for each chunk of images, so that it can be resumed."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from mia_bench.inference.top_images import TopImage

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class JournalEntry:
    """A chunk of scored images, whose heatmaps and maps are on disk.

    Attributes:
        files: The file of each image, in order.
        ids: The id of each image.
        scores: The score of each image.
        top_images: Those of them that were among the highest scores so far.
        broken: File and reason of what could not be read before or among them.
    """

    files: Sequence[str]
    ids: Sequence[str]
    scores: Sequence[float]
    top_images: Sequence[TopImage]
    broken: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Journal:
    """A file that only grows; a last line that was cut short does not count."""

    path: Path

    def entries(self) -> Iterator[JournalEntry]:
        """Yield all whole lines; the rest is cut off once they are read."""
        if not self.path.exists():
            return
        whole = 0
        with self.path.open("rb") as file:
            for line in file:
                if not line.endswith(b"\n"):
                    break
                whole += len(line)
                yield _entry(json.loads(line))
        os.truncate(self.path, whole)

    def write(self, entry: JournalEntry) -> None:
        """Append a line; it is on the disk when this returns."""
        with self.path.open("ab") as file:
            file.write(json.dumps(asdict(entry)).encode("ascii") + b"\n")
            file.flush()
            os.fsync(file)


def _entry(line: dict[str, Any]) -> JournalEntry:
    top_images = [TopImage(**image) for image in line["top_images"]]
    broken = [(file, reason) for file, reason in line["broken"]]
    return JournalEntry(**{**line, "top_images": top_images, "broken": broken})
