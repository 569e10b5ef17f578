"""Counts and medians over windows, for whole batches of uint8 images at once."""
