"""Sums and medians over sliding windows, for whole batches of uint8 images at once."""
