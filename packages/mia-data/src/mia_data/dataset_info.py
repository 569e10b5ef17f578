"""What is known about a dataset without its files."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Counts:
    """How many images of each kind a dataset has; None where that is not published."""

    train_normal: int | None = None
    test_normal: int | None = None
    test_abnormal: int | None = None


@dataclass(frozen=True)
class Archive:
    """A public file that holds a whole dataset."""

    url: str
    md5: str
    megabytes: int


@dataclass(frozen=True, kw_only=True)
class DatasetInfo:
    """One dataset: what it shows, how it lies on disk, and where to get it.

    Attributes:
        name: what ``load`` takes.
        aliases: other names that ``load`` takes: those of the study's code.
        title: what the images show.
        modality: how they were made.
        folder: where the dataset lies below the data root; None where it has no files.
        layout: the folders and files inside it.
        channels: what ``load`` gives by default: 1 (gray) or 3 (RGB).
        has_masks: whether the test split has pixel masks.
        counts: the numbers of images.
        in_study: whether it is one of the seven datasets of the study's tables.
        license: the terms of use.
        citation: the publication to cite.
        homepage: where it comes from.
        archive: what ``download`` fetches; None where one must get it by hand.
        how_to_get: how to get it by hand, where that is needed.
    """

    name: str
    aliases: tuple[str, ...] = ()
    title: str
    modality: str
    folder: str | None = None
    layout: str = "of its own"
    channels: int = 1
    has_masks: bool = False
    counts: Counts = field(default_factory=Counts)
    in_study: bool = False
    license: str = "see the source"
    citation: str = "none"
    homepage: str = ""
    archive: Archive | None = None
    how_to_get: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as JSON values."""
        return asdict(self)
