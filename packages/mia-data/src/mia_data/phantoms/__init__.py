"""Phantom: drawn, seeded brain-like slices with lesions and exact masks; needs no files."""

from mia_data.phantoms.dataset import load_phantom, phantom

__all__ = ["load_phantom", "phantom"]
