"""Images that an exported graph is compared with its model on."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import mia_data
import numpy as np

from mia_bench.errors import StudyError

if TYPE_CHECKING:
    from pathlib import Path

    from mia_bench.inference.model_folder import Preprocessing

MOST = 16  # images that are compared


def read_images(folder: Path, preprocessing: Preprocessing) -> np.ndarray:
    """Read up to ``MOST`` images of a folder, evenly spread over its files: uint8 (N, C, S, S).

    Raises:
        DataError: A folder that is missing or empty, or a file that cannot be read.
        StudyError: The files hold no image.
    """
    files = mia_data.find_images(folder)
    chosen = [files[n] for n in np.unique(np.linspace(0, len(files) - 1, MOST).round().astype(int))]
    found = [
        decoded.image for decoded in mia_data.decode_files(folder, chosen, **asdict(preprocessing))
    ]
    if not found:
        msg = f"expected images in {folder}, found none in {len(chosen)} files"
        raise StudyError(msg)
    return np.stack(found[:: -(-len(found) // MOST)])


def draw_images(preprocessing: Preprocessing) -> np.ndarray:
    """Draw images over the whole range of gray levels: uint8 (8, C, S, S).

    Black, white, a ramp, a checkerboard, noise, a disk on black, and smooth fields of low and of
    full contrast.
    """
    side, channels = preprocessing.size, preprocessing.channels
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:side, :side] / side
    waves = sum(
        np.cos(2 * np.pi * (across * x + down * y + phase))
        for across, down, phase in zip(
            rng.integers(0, 5, 8), rng.integers(0, 5, 8), rng.random(8), strict=True
        )
    )
    field = (waves - waves.min()) / max(np.ptp(waves), 1e-9)
    gray = [
        np.zeros((side, side)),
        np.ones((side, side)),
        x,
        (x * 8 + 0.5).astype(int) % 2 == (y * 8 + 0.5).astype(int) % 2,
        rng.random((side, side)),
        (np.hypot(x - 0.5, y - 0.5) < 0.4) * (0.5 + 0.1 * rng.random((side, side))),
        0.4 + 0.2 * field,
        field,
    ]
    tints = np.linspace(1, 0.6, channels)[:, None, None]  # of color images, each channel its own
    return np.stack([np.rint(255 * tints * image).astype(np.uint8) for image in gray])
