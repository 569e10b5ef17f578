"""Detectors: their contract, the plug-ins that bring them, the selection of an epoch."""
