"""scores.csv of a run: id, label and score of each test image."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from mia_bench.errors import StudyError
from mia_bench.files import CsvLines, write_text
from mia_bench.literal_text import csv_cell, from_csv_cell
from mia_bench.run_folder.bounded_file import read_bounded

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

COLUMNS = ("id", "label", "score")
MAX_BYTES = 256 << 20  # a million images with long names


class ImageScores(NamedTuple):
    """Scores of the test images.

    Attributes:
        ids: Identifiers of the N images.
        labels: 0 normal, 1 abnormal, (N,).
        scores: float32 (N,).
    """

    ids: list[str]
    labels: np.ndarray
    scores: np.ndarray


def write_scores(path: Path, ids: Iterable[str], labels: np.ndarray, scores: np.ndarray) -> None:
    """Write the file; scores with all digits that float32 has, ids as ``csv_cell`` makes them."""
    buffer = io.StringIO()
    writer = csv.writer(CsvLines(buffer), lineterminator=CsvLines.END)
    writer.writerow(COLUMNS)
    for name, label, score in zip(ids, labels.tolist(), scores, strict=True):
        writer.writerow([csv_cell(name), label, np.format_float_scientific(score, unique=True)])
    write_text(path, buffer.getvalue())


def read_scores(path: Path) -> ImageScores:
    """Read the file.

    Raises:
        StudyError: The file is missing or damaged.
    """
    content = read_bounded(path, MAX_BYTES)
    try:
        return _parse(content.decode("utf-8"))
    except (ValueError, csv.Error) as error:
        msg = f"cannot read {path}: {error}"
        raise StudyError(msg) from error


def _parse(text: str) -> ImageScores:
    """Return the scores in the text of a file; a ``ValueError`` says what is wrong with it."""
    lines = list(csv.reader(io.StringIO(text, newline="")))
    header = lines[0] if lines else []
    missing = [name for name in COLUMNS if name not in header]
    if missing:
        msg = f"no column {missing[0]!r}"
        raise ValueError(msg)
    if {len(line) for line in lines} != {len(header)}:
        msg = f"expected {len(header)} values in each line"
        raise ValueError(msg)
    columns = dict(zip(header, zip(*lines, strict=True), strict=True))
    labels = np.array([int(label) for label in columns["label"][1:]])
    with np.errstate(over="ignore"):  # what is too large becomes infinite, which is refused
        scores = np.array(columns["score"][1:], dtype=np.float64).astype(np.float32)
    if set(labels.tolist()) != {0, 1} or not np.isfinite(scores).all():
        msg = "expected images with the labels 0 and 1, and finite scores"
        raise ValueError(msg)
    return ImageScores(list(map(from_csv_cell, columns["id"][1:])), labels, scores)
