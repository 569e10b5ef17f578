"""Writer of a scored folder: tables and pictures, a batch of images at a time."""

from __future__ import annotations

import csv
from array import array
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from mia_bench.files import CsvLines
from mia_bench.inference.csv_cell import path_cell
from mia_bench.inference.heatmaps import ColorScale, at_own_size, heatmap
from mia_bench.inference.journal import JournalEntry
from mia_bench.inference.output_files import BROKEN, HEATMAPS, MAPS, SCORES, VOLUMES
from mia_bench.inference.picture_names import picture_name
from mia_bench.inference.scoring_summary import ScoringSummary
from mia_bench.inference.top_images import TopImages
from mia_bench.inference.volume_table import write_volumes
from mia_bench.literal_text import csv_cell

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Executor, Future
    from pathlib import Path

    from mia_data import Decoded

    from mia_bench.inference.find_files import FoundFiles
    from mia_bench.inference.loaded_model import ScoredImages
    from mia_bench.inference.normal_scores import NormalScores
    from mia_bench.inference.volume_writer import VolumeWriter
PNG_EFFORT = 1  # of 9; the default takes three times as long for a file that is 5 % smaller


@dataclass(kw_only=True)
class ScoringWriter:
    """Writes scores and pictures into a folder and keeps what the page needs.

    Attributes:
        folder: The folder that is written.
        normal_scores: Scores of normal images.
        threshold: The score from which on an image is flagged.
        heatmaps: Whether to write a heatmap for each image.
        raw_maps: Whether to write each map as numbers.
        volumes: Writes the maps of volumes, and knows their scores.
        reconstruct: Images -> their reconstructions for the page, see ``TopImages.add``.
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
    volumes: VolumeWriter
    reconstruct: Callable[[np.ndarray], np.ndarray] | None = None
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

    def draw(
        self, pool: Executor, images: Sequence[Decoded], maps: np.ndarray | None
    ) -> list[Future[None]]:
        """Begin to write the heatmaps and maps of a batch of images (N) from their maps (N, S, S).

        ``add`` may be called with these images once all that is returned has ended.
        """
        if maps is None or self.scale is None or not self._draws:
            return []
        draw = partial(self._draw, self.scale)
        return [pool.submit(draw, *each) for each in zip(images, maps, strict=True)]

    def add(self, images: Sequence[Decoded], scored: ScoredImages) -> JournalEntry:
        """Add a batch of images, whose heatmaps and maps are written, with their scores.

        Returns:
            The journal's entry, from which ``restore`` does the same without the images.
        """
        first = len(self.scores)
        added = [
            self.top_images.add(
                image,
                first + i,
                float(scored.score[i]),
                float(scored.quantile[i]),
                None if scored.map is None else scored.map[i],
                self.reconstruct,
            )
            for i, image in enumerate(images)
        ]
        entry = JournalEntry(
            files=[image.file for image in images],
            ids=scored.ids,
            scores=scored.score.tolist(),
            top_images=[image for image in added if image is not None],
            broken=list(self.broken.items())[self._told :],
        )
        self._told = len(self.broken)
        self._record(entry.ids, scored.score)
        return entry

    @property
    def _draws(self) -> bool:
        """True if maps are needed at the size of their images."""
        return self.heatmaps or self.raw_maps or self.volumes.keeps_maps

    def restore(self, entry: JournalEntry) -> None:
        """Add a batch whose heatmaps and maps were written before an interruption."""
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
                writer.writerow([path_cell(name), digits, f"{quantile:.6g}", int(flag)])
        for name, score, flag in zip(ids, scores.tolist(), flags.tolist(), strict=True):
            self.volumes.record(name, score, flagged=flag)
        self.scores.extend(scores.tolist())
        self.flagged += int(flags.sum())

    def summary(self, out: Path, found: FoundFiles, fpr: float) -> ScoringSummary:
        """Return the summary of a scoring whose output will be in ``out``."""
        return ScoringSummary(
            out=out,
            images=len(self.scores),
            flagged=self.flagged,
            threshold=self.threshold,
            fpr=fpr,
            normals=self.normal_scores.name,
            broken=list(self.broken.items()),
            passed_over=found.passed_over,
            passed_over_example=found.example,
            volumes=len(self.volumes.scores),
            volumes_left_out=list(self.volumes.left_out.items()),
        )

    def write_volumes(self) -> None:
        """Write volumes.csv, where there are volumes, once all images are scored."""
        self.volumes.close()
        if self.volumes.volumes:
            write_volumes(self.folder / VOLUMES, self.volumes.scores)

    def write_broken(self) -> None:
        """Write broken.csv; it has no rows where every file could be read."""
        with (self.folder / BROKEN).open("w", newline="", encoding="utf-8") as file:
            writer = _writer(file)
            writer.writerow(["file", "reason"])
            writer.writerows((path_cell(name), csv_cell(why)) for name, why in self.broken.items())

    def _draw(self, scale: ColorScale, image: Decoded, heat: np.ndarray) -> None:
        whole = at_own_size(heat, image.box, *image.original.shape[1:])
        if self.heatmaps:
            path = _inside(self.folder / HEATMAPS, picture_name(image.id, ".png"))
            colored = heatmap(image.original, whole, scale)
            Image.fromarray(colored).save(path, compress_level=PNG_EFFORT)
        if self.raw_maps:
            path = _inside(self.folder / MAPS, picture_name(image.id, ".npy"))
            np.save(path, whole, allow_pickle=False)
        self.volumes.keep(image.id, whole)


def _writer(file: Any) -> Any:
    return csv.writer(CsvLines(file), lineterminator=CsvLines.END)


def _inside(folder: Path, name: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    return path
