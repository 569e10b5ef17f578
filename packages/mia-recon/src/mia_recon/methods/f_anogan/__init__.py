"""f-anogan: its networks, its training in two stages, and the method made of both."""

from mia_recon.methods.f_anogan.method import METHOD

__all__ = ["METHOD"]
