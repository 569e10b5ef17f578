"""Records of a run's data: where its images come from, how they are read, and hashes of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from mia_bench.run_folder.reading import Reading


@dataclass(frozen=True, kw_only=True)
class DataSource:
    """The place that a dataset's images come from; at most one of the three paths is set.

    Attributes:
        root: The folder that holds the folder of a registered dataset; None for the default.
        folder: A folder of the user's own images, see ``mia_data.from_folder``.
        manifest: A CSV table of the user's own images, see ``mia_data.from_manifest``.
        reading: How its files are read.
    """

    root: str | None = None
    folder: str | None = None
    manifest: str | None = None
    reading: Reading = field(default_factory=Reading)

    @property
    def own(self) -> str | None:
        """The user's own folder or table; None for a registered dataset."""
        return self.folder if self.folder is not None else self.manifest

    @property
    def paths(self) -> dict[str, str]:
        """Return the path that is set, by its name."""
        paths = {"root": self.root, "folder": self.folder, "manifest": self.manifest}
        return {key: value for key, value in paths.items() if value is not None}

    def to_json(self) -> dict[str, Any]:
        """Return what is set."""
        return {**self.paths, **self.reading.to_json()}


@dataclass(frozen=True, kw_only=True)
class DataRecord:
    """The data of a finished run.

    Attributes:
        source: The place of the images, as an absolute path on the machine that did the run.
        train_sha256: Hash of the training images as the method saw them, with their ids.
        test_sha256: The same of the test images, with their labels and masks.
    """

    source: DataSource = field(default_factory=DataSource)
    train_sha256: str
    test_sha256: str

    def to_json(self) -> dict[str, Any]:
        """Return the record as JSON values."""
        hashes = {"train_sha256": self.train_sha256, "test_sha256": self.test_sha256}
        return {**self.source.to_json(), **hashes}
