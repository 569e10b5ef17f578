"""Losses and score maps as pure functions."""
