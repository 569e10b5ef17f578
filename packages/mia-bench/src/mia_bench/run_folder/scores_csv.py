"""scores.csv of a run: id, label and score of each test image."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import numpy as np

from mia_bench.errors import StudyError
from mia_bench.files import write_text

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


def write_scores(path: Path, ids: Iterable[str], labels: np.ndarray, scores: np.ndarray) -> None:
    """Write the file; scores with all digits that float32 has."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(["id", "label", "score"])
    for name, label, score in zip(ids, labels.tolist(), scores, strict=True):
        writer.writerow([name, label, np.format_float_scientific(score, unique=True)])
    write_text(path, buffer.getvalue())


def read_scores(path: Path) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Ids, labels (N,) and float32 scores (N,).

    Raises:
        StudyError: The file is missing or damaged.
    """
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        labels = np.array([int(row["label"]) for row in rows])
        scores = np.array([row["score"] for row in rows], dtype=np.float32)
        if set(labels.tolist()) != {0, 1} or not np.isfinite(scores).all():
            msg = "expected images with the labels 0 and 1, and finite scores"
            raise ValueError(msg)
        return [row["id"] for row in rows], labels, scores
    except (OSError, ValueError, KeyError, TypeError, csv.Error) as error:
        reason = f"no column {error}" if isinstance(error, KeyError) else error
        msg = f"cannot read {path}: {reason}"
        raise StudyError(msg) from error
