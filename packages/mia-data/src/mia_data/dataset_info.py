"""Descriptions of datasets."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Counts:
    """Numbers of images of each kind in a dataset; None if not published."""

    train_normal: int | None = None
    test_normal: int | None = None
    test_abnormal: int | None = None


def count_labels(train: list[int], test: list[int]) -> Counts:
    """Count the normal (0) and abnormal (1) images of two splits."""
    return Counts(train.count(0), test.count(0), test.count(1))


@dataclass(frozen=True)
class Archive:
    """A public file that holds a whole dataset."""

    url: str
    md5: str
    megabytes: int


@dataclass(frozen=True, kw_only=True)
class DatasetInfo:
    """Description of a dataset: its images, its files, and where to get them.

    Attributes:
        name: The name for ``load``.
        aliases: Other names for ``load``: those of the study's code.
        title: Content of the images.
        modality: Kind of images, such as MRI.
        folder: Its folder in the data root; None for a dataset without files.
        layout: The folders and files inside it.
        channels: Default number of channels: 1 (gray) or 3 (RGB).
        has_masks: Whether the test split has pixel masks.
        counts: The numbers of images.
        in_study: Whether it is one of the seven datasets of the study's tables.
        license: The terms of use.
        citation: The publication to cite.
        homepage: Where it comes from.
        archive: The file for ``download``; None if the dataset must be fetched by hand.
        how_to_get: Instructions for fetching it by hand, if needed.
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
        """Return the description as JSON values."""
        return asdict(self)
