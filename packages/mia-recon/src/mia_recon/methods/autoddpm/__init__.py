"""autoddpm: its network, its inpainting, and the method made of both."""

from mia_recon.methods.autoddpm.method import METHOD

__all__ = ["METHOD"]
