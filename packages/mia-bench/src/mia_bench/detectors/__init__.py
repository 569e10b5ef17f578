"""Detectors: their protocol, the plug-ins that bring them, the choice of an epoch."""
