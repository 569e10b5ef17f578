"""ganomaly: its network, its adversarial training step, and the method made of both."""

from mia_recon.methods.ganomaly.method import METHOD

__all__ = ["METHOD"]
