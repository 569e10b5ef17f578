"""rd++: its network, its noise, its training step, and the method made of them."""

from mia_recon.methods.rd_plus_plus.method import METHOD

__all__ = ["METHOD"]
