"""Summary of a scoring run, as score.json holds it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class ScoringSummary:
    """Summary of a scoring run.

    Attributes:
        out: The folder that holds scores.csv, broken.csv, the page, heatmaps and maps.
        images: Number of images that were scored.
        flagged: Number of them that are flagged.
        threshold: The score from which on an image is flagged.
        fpr: The share of normal images that the threshold is for.
        normals: Name of the images that give the threshold, see ``normal_scores.Origin``.
        broken: File and reason of each file that could not be read.
        passed_over: Number of other files, and links to folders, among the images.
        passed_over_example: One of them, None where there is none or ids are anonymous.
        volumes: Number of volumes among the images.
        volumes_left_out: Volume and reason of each volume whose map was not written.
    """

    out: Path
    images: int
    flagged: int
    threshold: float
    fpr: float
    normals: str
    broken: list[tuple[str, str]]
    passed_over: int
    passed_over_example: str | None
    volumes: int = 0
    volumes_left_out: list[tuple[str, str]] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Return the same as JSON values."""
        broken = [{"file": file, "reason": reason} for file, reason in self.broken]
        left_out = [{"volume": name, "reason": reason} for name, reason in self.volumes_left_out]
        lists = {"broken": broken, "volumes_left_out": left_out}
        return {**asdict(self), "out": str(self.out), **lists}
