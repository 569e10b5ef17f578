"""resamples.npz of a run: its pixel metrics in bootstrap resamples of the test images.

Intervals and tests need the value of a metric in each resample. Scores of images are few and kept
as they are; of maps and masks, which are large, only these values are kept.
"""

from __future__ import annotations

import hashlib
import io
import zlib
from typing import TYPE_CHECKING, NamedTuple
from zipfile import BadZipFile

import mia_metrics
import numpy as np

from mia_bench.errors import StudyError
from mia_bench.files import write_arrays
from mia_bench.run_folder.bounded_file import read_bounded

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

# Enough for 50 methods on a dataset: see RESAMPLES_PER_METHOD of the leaderboard.
N_RESAMPLES = 2000
MAX_BYTES = 64 << 20


class RunResamples(NamedTuple):
    """The resampled pixel metrics of a run.

    Attributes:
        images: SHA-256 of the test images' identifiers, in order: resamples of the same images are
            of the same draws.
        pixels: The metrics and their resampled values.
    """

    images: bytes
    pixels: mia_metrics.PixelBootstrap


def write_resamples(path: Path, ids: Iterable[str], pixels: mia_metrics.PixelBootstrap) -> None:
    """Write the file."""
    write_arrays(
        path,
        images=np.frombuffer(_digest(ids), np.uint8),
        drawn=np.array([pixels.normal, pixels.abnormal, pixels.seed]),
        **pixels.resampled,
    )


def read_resamples(path: Path, metrics: Mapping[str, float | None]) -> RunResamples:
    """Read the file of a run with these metrics.

    Raises:
        StudyError: It is missing or damaged.
    """
    content = read_bounded(path, MAX_BYTES)
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as file:
            images, drawn = file["images"].tobytes(), file["drawn"].tolist()
            names = [name for name in file.files if name not in ("images", "drawn")]
            resampled = {name: np.asarray(file[name], dtype=np.float64) for name in names}
        estimates = {name: float(metrics[name]) for name in names}  # type: ignore[arg-type]
        normal, abnormal, seed = map(int, drawn)
        if len({values.shape for values in resampled.values()}) != 1:
            msg = "expected as many resamples of each metric"
            raise ValueError(msg)
    except (OSError, ValueError, TypeError, KeyError, EOFError, BadZipFile, zlib.error) as error:
        msg = f"cannot read {path}: {error}"
        raise StudyError(msg) from error
    pixels = mia_metrics.PixelBootstrap(estimates, resampled, normal, abnormal, seed)
    return RunResamples(images, pixels)


def _digest(ids: Iterable[str]) -> bytes:
    return hashlib.sha256("\n".join(ids).encode("utf-8", "surrogateescape")).digest()
