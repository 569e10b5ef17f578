"""Phantom: drawn, seeded brain-like slices with lesions and exact masks; needs no files."""

from mia_data.phantoms.dataset import phantom

__all__ = ["phantom"]
