"""What has been scored so far, a line a chunk of images, so that a scoring can go on."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from mia_bench.inference.top_images import Case

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A chunk of scored images, whose heatmaps and maps are on disk.

    Attributes:
        files: The file of each image, in order.
        ids: The id of each image.
        scores: Its score.
        cases: Those of them that the page shows, as far as was known then.
        broken: File and reason of what could not be read before or among them.
    """

    files: Sequence[str]
    ids: Sequence[str]
    scores: Sequence[float]
    cases: Sequence[Case]
    broken: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Journal:
    """A file that only grows; a line that a kill cut short is as if it had never been."""

    path: Path

    def entries(self) -> Iterator[Entry]:
        """All whole lines; what follows them is cut off once they are read."""
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

    def write(self, entry: Entry) -> None:
        """Append a line; it is on the disk when this returns."""
        with self.path.open("ab") as file:
            file.write(json.dumps(asdict(entry)).encode("ascii") + b"\n")
            file.flush()
            os.fsync(file)


def _entry(line: dict[str, Any]) -> Entry:
    cases = [Case(**case) for case in line["cases"]]
    broken = [(file, reason) for file, reason in line["broken"]]
    return Entry(**{**line, "cases": cases, "broken": broken})
