"""What scoring a folder came to."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Scored:
    """What a folder's scoring came to.

    Attributes:
        out: The folder that holds scores.csv, broken.csv, the page, heatmaps and maps.
        images: How many images were scored.
        flagged: How many of them are flagged.
        threshold: The score from which on an image is flagged.
        fpr: The share of normal images that the threshold is for.
        normals: What the threshold comes from: the model's training or calibration images.
        broken: File and reason of each file that could not be read.
        passed_over: How many other files, and links to folders, lie among the images.
        passed_over_example: One of them, None where there is none.
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

    def summary(self) -> dict[str, Any]:
        """The same as JSON values."""
        broken = [{"file": file, "reason": reason} for file, reason in self.broken]
        return {**asdict(self), "out": str(self.out), "broken": broken}
