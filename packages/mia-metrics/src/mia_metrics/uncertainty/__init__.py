"""Confidence intervals of metrics: how much other images or other training runs change them."""
