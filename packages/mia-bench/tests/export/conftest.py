"""Small fitted models to export, and a folder of images to score."""

from __future__ import annotations

from typing import TYPE_CHECKING

import mia_bench
import numpy as np
import pytest
from PIL import Image

if TYPE_CHECKING:
    from pathlib import Path

SMALL = {"width": 4, "hidden": 32, "latent": 4, "batch_size": 8}


@pytest.fixture(scope="session")
def fit_small(tmp_path_factory, request):
    """Fit a method to drawn images of 64 px; the model's folder."""

    def fit(method: str, options: dict | None = None, **settings) -> Path:
        folder = tmp_path_factory.mktemp("export")
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("MIA_CACHE_DIR", str(tmp_path_factory.getbasetemp() / "cache"))
            mia_bench.fit(
                images=draw_folder(folder / "images", 40, seed=0),
                model=folder / "model",
                method=method,
                options=SMALL if options is None else options,
                device="cpu",
                **{"image_size": 64, "epochs": 1, **settings},
            )
        return folder / "model"

    return fit


@pytest.fixture(scope="session")
def model(fit_small) -> Path:
    """A fitted autoencoder of gray images."""
    return fit_small("ae", resize="short_side")


@pytest.fixture(scope="session")
def scans(tmp_path_factory) -> Path:
    """A folder of 20 images of several sizes and kinds, one in a folder below, one of 16 bits."""
    folder = draw_folder(tmp_path_factory.mktemp("scans") / "scans", 17, seed=5)
    rng = np.random.default_rng(6)
    (folder / "below").mkdir()
    Image.fromarray(rng.integers(0, 256, (50, 70, 3), np.uint8)).save(folder / "below" / "c.png")
    Image.fromarray(rng.integers(0, 256, (50, 70, 4), np.uint8)).save(folder / "alpha.png")
    deep = rng.integers(0, 4096, (40, 60)).astype(np.uint16)
    Image.fromarray(deep).save(folder / "deep.png")
    return folder


def draw_folder(folder: Path, count: int, *, seed: int) -> Path:
    """Draw noisy disks of random sizes as PNG files."""
    rng = np.random.default_rng(seed)
    folder.mkdir(parents=True)
    for number in range(count):
        height, width = rng.integers(40, 90, 2)
        y, x = np.mgrid[:height, :width]
        inside = np.hypot(y / height - 0.5, x / width - 0.5) < rng.uniform(0.3, 0.45)
        pixels = rng.uniform(80, 140) * inside + rng.uniform(0, 30, (height, width))
        Image.fromarray(pixels.astype(np.uint8)).save(folder / f"{number:02}.png")
    return folder
