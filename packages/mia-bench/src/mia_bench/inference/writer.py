"""What scoring writes, an image at a time."""

from __future__ import annotations

import csv
from array import array
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from mia_bench.inference.heatmaps import Scale, at_own_size, heatmap
from mia_bench.inference.journal import Entry
from mia_bench.inference.top_images import Showcase

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from mia_data import Decoded

    from mia_bench.inference.normal_scores import Reference

SUMMARY = "score.json"  # every folder of scores holds it
SCORES, BROKEN, HEATMAPS, RAW_MAPS = "scores.csv", "broken.csv", "heatmaps", "maps"
_THREADS = 4


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


@dataclass(kw_only=True)
class Results:
    """Writes scores and pictures into a folder and keeps what the page needs.

    Attributes:
        folder: Where everything goes.
        reference: What normal images score.
        threshold: The score from which on an image is flagged.
        heatmaps: Whether to write a heatmap for each image.
        raw_maps: Whether to write each map as numbers.
        scores: All scores so far.
        flagged: How many images are flagged so far.
        broken: For each file that could not be read, the reason.
        scale: What the heatmaps' colors mean; None where the method has no map.
        showcase: The images for the page.
    """

    folder: Path
    reference: Reference
    threshold: float
    heatmaps: bool
    raw_maps: bool
    scores: array[float] = field(default_factory=lambda: array("f"))
    flagged: int = 0
    broken: dict[str, str] = field(default_factory=dict)
    scale: Scale | None = field(init=False)
    showcase: Showcase = field(init=False)

    def __post_init__(self) -> None:
        self.scale = Scale.of(self.reference) if self.reference.pixels else None
        self.showcase = Showcase(self.scale)
        self._told = 0  # broken files that are in the journal
        with (self.folder / SCORES).open("w", newline="", encoding="utf-8") as file:
            _writer(file).writerow(["file", "score", "quantile", "flagged"])

    def add(self, images: Sequence[Decoded], scores: np.ndarray, maps: np.ndarray | None) -> Entry:
        """Take a chunk of images with their scores (N,) and maps (N, S, S), and write its files.

        Returns what ``replay`` needs to do the same without the images.
        """
        if maps is not None and self.scale is not None and (self.heatmaps or self.raw_maps):
            draw = partial(self._draw, self.scale)
            with ThreadPoolExecutor(_THREADS) as pool:
                list(pool.map(draw, images, maps))
        quantiles = self.reference.quantile(scores)
        first = len(self.scores)
        offered = [
            self.showcase.offer(
                image,
                first + i,
                float(scores[i]),
                float(quantiles[i]),
                None if maps is None else maps[i],
            )
            for i, image in enumerate(images)
        ]
        entry = Entry(
            files=[image.file for image in images],
            ids=[image.id for image in images],
            scores=scores.tolist(),
            cases=[case for case in offered if case is not None],
            broken=list(self.broken.items())[self._told :],
        )
        self._told = len(self.broken)
        self._record(entry.ids, scores)
        return entry

    def replay(self, entry: Entry) -> None:
        """Take a chunk whose heatmaps and maps were written before an interruption."""
        self.broken |= dict(entry.broken)
        self._told = len(self.broken)
        for case in entry.cases:
            self.showcase.take(case)
        self._record(entry.ids, np.array(entry.scores, np.float32))

    def _record(self, ids: Sequence[str], scores: np.ndarray) -> None:
        quantiles = self.reference.quantile(scores)
        flags = scores >= np.float32(self.threshold)
        with (self.folder / SCORES).open("a", newline="", encoding="utf-8") as file:
            writer = _writer(file)
            for name, score, quantile, flag in zip(ids, scores, quantiles, flags, strict=True):
                digits = np.format_float_scientific(score, unique=True)
                writer.writerow([_cell(name), digits, f"{quantile:.6g}", int(flag)])
        self.scores.extend(scores.tolist())
        self.flagged += int(flags.sum())

    def write_broken(self) -> None:
        """Write broken.csv; without a row where every file could be read."""
        with (self.folder / BROKEN).open("w", newline="", encoding="utf-8") as file:
            writer = _writer(file)
            writer.writerow(["file", "reason"])
            writer.writerows((_cell(name), reason) for name, reason in self.broken.items())

    def _draw(self, scale: Scale, image: Decoded, heat: np.ndarray) -> None:
        whole = at_own_size(heat, image.box, *image.original.shape[1:])
        if self.heatmaps:
            path = _inside(self.folder / HEATMAPS, f"{image.id}.png")
            colored = heatmap(image.original, whole, scale)
            Image.fromarray(colored).save(path)
        if self.raw_maps:
            np.save(_inside(self.folder / RAW_MAPS, f"{image.id}.npy"), whole, allow_pickle=False)


def _writer(file: Any) -> Any:
    return csv.writer(file, lineterminator="\n")


def _cell(name: str) -> str:
    """A file's path that no spreadsheet takes for a formula; it leads to the same file."""
    return f"./{name}" if name.startswith(tuple("=+-@\t\r")) else name


def _inside(folder: Path, name: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    return path
