"""Decoding: from one file to one 8-bit image of the requested size."""
