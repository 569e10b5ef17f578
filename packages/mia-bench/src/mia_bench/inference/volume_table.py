"""Scores of whole volumes: volumes.csv."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mia_bench.files import atomic
from mia_bench.inference.csv_cell import path_cell

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

TOP_SLICES = 5
_COLUMNS = (
    *("volume", "slices", "largest", "mean_top", "flagged_slices", "flagged"),
    *("map", "segmentation"),
)


@dataclass(frozen=True, kw_only=True)
class VolumeScore:
    """Scores of a volume.

    Attributes:
        id: Its id.
        slices: Number of its slices that were scored.
        largest: The largest score of a slice.
        mean_top: The mean of the highest scores of slices.
        flagged_slices: Number of slices that are flagged.
        map: The file of its map inside the output folder; None where there is none.
        segmentation: The same of its segmentation.
    """

    id: str
    slices: int
    largest: float
    mean_top: float
    flagged_slices: int
    map: str | None
    segmentation: str | None


def score_volume(
    volume_id: str,
    scores: Iterable[float],
    flags: Iterable[bool],
    *,
    top: int,
    map: str | None,  # noqa: A002
    segmentation: str | None,
) -> VolumeScore:
    """Return the scores of a volume from those of its slices, of which there is one at least.

    ``mean_top`` is the mean of the ``top`` highest, or of all where there are fewer.
    """
    values = np.sort(np.array(list(scores), np.float32))[::-1]
    return VolumeScore(
        id=volume_id,
        slices=len(values),
        largest=float(values[0]),
        mean_top=float(values[:top].mean(dtype=np.float64)),
        flagged_slices=sum(flags),
        map=map,
        segmentation=segmentation,
    )


def write_volumes(path: Path, volumes: Iterable[VolumeScore]) -> None:
    """Write a row for each volume."""
    with atomic(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(_COLUMNS)
        for each in volumes:
            digits = [
                np.format_float_scientific(np.float32(value), unique=True)
                for value in (each.largest, each.mean_top)
            ]
            files = [path_cell(name) if name else "" for name in (each.map, each.segmentation)]
            flags = (each.flagged_slices, int(each.flagged_slices > 0))
            writer.writerow([path_cell(each.id), each.slices, *digits, *flags, *files])
