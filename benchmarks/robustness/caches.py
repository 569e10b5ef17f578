"""Damaged entries of the cache are noticed."""

from __future__ import annotations

import tempfile
from pathlib import Path

import mia_data
import numpy as np
from cases import Tally, run_cases
from damage import damaged
from PIL import Image


def tallies(count: int, seed: int) -> list[Tally]:
    """Return how loading from ``count`` damaged entries ended."""
    return [run_cases("entries of the cache", load, [(seed, number) for number in range(count)])]


def load(case: tuple[int, int]) -> str:
    """Load a folder twice, with one file of its entry damaged in between."""
    rng = np.random.default_rng(case)
    with tempfile.TemporaryDirectory() as name:
        folder, cache = Path(name, "images"), Path(name, "cache")
        folder.mkdir()
        for number in range(4):
            pixels = rng.integers(0, 256, (12, 12), np.uint8)
            Image.fromarray(pixels).save(folder / f"{number}.png")
        expected = np.array(mia_data.from_folder(folder, size=12, cache_dir=cache).images)
        files = sorted(path for path in cache.rglob("*") if path.is_file() and path.stat().st_size)
        path = files[rng.integers(len(files))]
        path.write_bytes(damaged(path.read_bytes(), rng))
        try:
            found = mia_data.from_folder(folder, size=12, cache_dir=cache)
        except mia_data.DataError:
            return "refused"
        if not np.array_equal(found.images, expected) or list(found.ids) != list("0123"):
            return f"wrong: other images after {path.name} was damaged"
    return "right"
