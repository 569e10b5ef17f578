"""Runs of a study: one at a time, several at once, on several machines."""
