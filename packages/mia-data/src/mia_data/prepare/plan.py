"""Arguments that all raw sources take, their images, and the plan of a dataset's files."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from mia_data.dataset_info import Counts
    from mia_data.prepare.progress import Progress


@dataclass(frozen=True)
class Options:
    """Arguments that all sources take.

    Attributes:
        source: The folder of the raw source.
        counts: The numbers of images of the study's set.
        seed: Random seed of what is drawn.
        split_file: A list of the images of each split, in the form of ``data.json``; None to draw
            them.
        patients_file: A CSV table with the patient of each image, or None.
        allow_missing: Whether images whose files are absent are left out.
        workers: Number of threads.
        progress: Shows how far a step has come.
    """

    source: Path
    counts: Counts
    seed: int
    split_file: Path | None
    patients_file: Path | None
    allow_missing: bool
    workers: int
    progress: Progress


@dataclass(frozen=True)
class SourceImage:
    """An image of a raw source.

    Attributes:
        name: Its file's name in the dataset.
        label: 0 normal, 1 abnormal.
        patient: Its patient; the image's own id where patients are not known.
        path: Its file in the source.
    """

    name: str
    label: int
    patient: str
    path: Path


class Task(Protocol):
    """A step that makes one or a few files of a dataset."""

    @property
    def targets(self) -> Sequence[str]:
        """Return the files it makes, relative to the dataset's folder."""
        ...

    def run(self, folder: Path, *, replace: bool) -> int:
        """Make the files that are not there yet; return how many were written.

        Args:
            folder: The dataset's folder.
            replace: Whether files with other content are replaced; otherwise they are refused.
        """
        ...


@dataclass(frozen=True)
class Plan:
    """The files of a dataset.

    Attributes:
        tasks: The steps that make its images and masks.
        counts: The numbers of images of each kind.
        tables: Content of the files that list the images, by their path in the dataset's folder.
        left_out: The number of images that are left out because their files are absent.
        unit: What a step makes, for messages.
    """

    tasks: Sequence[Task]
    counts: Counts
    tables: Mapping[str, bytes] = field(default_factory=dict)
    left_out: int = 0
    unit: str = "images"
