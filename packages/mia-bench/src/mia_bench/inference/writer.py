"""Writer of a scored folder: tables and pictures, a chunk of images at a time."""

from __future__ import annotations

import csv
from array import array
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from mia_bench.files import CsvLines
from mia_bench.inference.heatmaps import ColorScale, at_own_size, heatmap
from mia_bench.inference.journal import JournalEntry
from mia_bench.inference.picture_names import picture_name
from mia_bench.inference.top_images import TopImages
from mia_bench.literal_text import csv_cell

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from mia_data import Decoded

    from mia_bench.inference.normal_scores import NormalScores

SUMMARY = "score.json"  # every folder of scores holds it
SCORES, BROKEN, HEATMAPS, RAW_MAPS = "scores.csv", "broken.csv", "heatmaps", "maps"
_THREADS = 4


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

    def as_json(self) -> dict[str, Any]:
        """Return the same as JSON values."""
        broken = [{"file": file, "reason": reason} for file, reason in self.broken]
        return {**asdict(self), "out": str(self.out), "broken": broken}


@dataclass(kw_only=True)
class ScoringWriter:
    """Writes scores and pictures into a folder and keeps what the page needs.

    Attributes:
        folder: The folder that is written.
        normal_scores: Scores of normal images.
        threshold: The score from which on an image is flagged.
        heatmaps: Whether to write a heatmap for each image.
        raw_maps: Whether to write each map as numbers.
        scores: All scores so far.
        flagged: Number of images that are flagged so far.
        broken: File -> reason why it could not be read.
        scale: The heatmaps' colors; None where the method has no map.
        top_images: The images for the page.
    """

    folder: Path
    normal_scores: NormalScores
    threshold: float
    heatmaps: bool
    raw_maps: bool
    scores: array[float] = field(default_factory=lambda: array("f"))
    flagged: int = 0
    broken: dict[str, str] = field(default_factory=dict)
    scale: ColorScale | None = field(init=False)
    top_images: TopImages = field(init=False)

    def __post_init__(self) -> None:
        self.scale = ColorScale.of(self.normal_scores) if self.normal_scores.pixels else None
        self.top_images = TopImages(self.scale)
        self._told = 0  # broken files that are in the journal
        with (self.folder / SCORES).open("w", newline="", encoding="utf-8") as file:
            _writer(file).writerow(["file", "score", "quantile", "flagged"])

    def add(
        self, images: Sequence[Decoded], scores: np.ndarray, maps: np.ndarray | None
    ) -> JournalEntry:
        """Add a chunk of images with their scores (N,) and maps (N, S, S), and write its files.

        Returns:
            The journal's entry, from which ``restore`` does the same without the images.
        """
        if maps is not None and self.scale is not None and (self.heatmaps or self.raw_maps):
            draw = partial(self._draw, self.scale)
            with ThreadPoolExecutor(_THREADS) as pool:
                list(pool.map(draw, images, maps))
        quantiles = self.normal_scores.quantile(scores)
        first = len(self.scores)
        added = [
            self.top_images.add(
                image,
                first + i,
                float(scores[i]),
                float(quantiles[i]),
                None if maps is None else maps[i],
            )
            for i, image in enumerate(images)
        ]
        entry = JournalEntry(
            files=[image.file for image in images],
            ids=[image.id for image in images],
            scores=scores.tolist(),
            top_images=[image for image in added if image is not None],
            broken=list(self.broken.items())[self._told :],
        )
        self._told = len(self.broken)
        self._record(entry.ids, scores)
        return entry

    def restore(self, entry: JournalEntry) -> None:
        """Add a chunk whose heatmaps and maps were written before an interruption."""
        self.broken |= dict(entry.broken)
        self._told = len(self.broken)
        for image in entry.top_images:
            self.top_images.restore(image)
        self._record(entry.ids, np.array(entry.scores, np.float32))

    def _record(self, ids: Sequence[str], scores: np.ndarray) -> None:
        quantiles = self.normal_scores.quantile(scores)
        flags = scores >= np.float32(self.threshold)
        with (self.folder / SCORES).open("a", newline="", encoding="utf-8") as file:
            writer = _writer(file)
            for name, score, quantile, flag in zip(ids, scores, quantiles, flags, strict=True):
                digits = np.format_float_scientific(score, unique=True)
                writer.writerow([_path(name), digits, f"{quantile:.6g}", int(flag)])
        self.scores.extend(scores.tolist())
        self.flagged += int(flags.sum())

    def write_broken(self) -> None:
        """Write broken.csv; it has no rows where every file could be read."""
        with (self.folder / BROKEN).open("w", newline="", encoding="utf-8") as file:
            writer = _writer(file)
            writer.writerow(["file", "reason"])
            writer.writerows((_path(name), csv_cell(why)) for name, why in self.broken.items())

    def _draw(self, scale: ColorScale, image: Decoded, heat: np.ndarray) -> None:
        whole = at_own_size(heat, image.box, *image.original.shape[1:])
        if self.heatmaps:
            path = _inside(self.folder / HEATMAPS, picture_name(image.id, ".png"))
            colored = heatmap(image.original, whole, scale)
            Image.fromarray(colored).save(path)
        if self.raw_maps:
            path = _inside(self.folder / RAW_MAPS, picture_name(image.id, ".npy"))
            np.save(path, whole, allow_pickle=False)


def _writer(file: Any) -> Any:
    return csv.writer(CsvLines(file), lineterminator=CsvLines.END)


def _path(name: str) -> str:
    """Return a file's path in a form that is a path still, and that no spreadsheet runs."""
    return name if csv_cell(name) == name else f"./{name}"


def _inside(folder: Path, name: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    return path
