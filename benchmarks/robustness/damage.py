"""Seeded damage to the bytes of a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np


def damaged(content: bytes, rng: np.random.Generator) -> bytes:
    """Return content with one damage of a random kind: never the same as before."""
    while True:
        changed = KINDS[rng.integers(len(KINDS))](bytearray(content), rng)
        if bytes(changed) != content:
            return bytes(changed)


def _flip(data: bytearray, rng: np.random.Generator) -> bytearray:
    for place in rng.integers(0, max(len(data), 1), rng.integers(1, 5)):
        if len(data):
            data[place] ^= int(rng.integers(1, 256))
    return data


def _in_header(data: bytearray, rng: np.random.Generator) -> bytearray:
    """Change the first bytes, where formats keep sizes and offsets."""
    for place in rng.integers(0, max(min(len(data), 400), 1), rng.integers(1, 4)):
        if len(data):
            data[place] = int(rng.choice([0, 1, 127, 128, 254, 255]))
    return data


def _zero(data: bytearray, rng: np.random.Generator) -> bytearray:
    start = int(rng.integers(0, max(len(data), 1)))
    end = min(len(data), start + int(rng.integers(1, 200)))
    data[start:end] = bytes(end - start)
    return data


def _cut(data: bytearray, rng: np.random.Generator) -> bytearray:
    return data[: int(rng.integers(0, max(len(data), 1)))]


def _insert(data: bytearray, rng: np.random.Generator) -> bytearray:
    start = int(rng.integers(0, len(data) + 1))
    return data[:start] + rng.bytes(int(rng.integers(1, 50))) + data[start:]


def _remove(data: bytearray, rng: np.random.Generator) -> bytearray:
    start = int(rng.integers(0, max(len(data), 1)))
    return data[:start] + data[start + int(rng.integers(1, 50)) :]


def _repeat(data: bytearray, rng: np.random.Generator) -> bytearray:
    start = int(rng.integers(0, max(len(data), 1)))
    return data[:start] + data[start : start + int(rng.integers(1, 300))] * 2 + data[start:]


KINDS = (_flip, _flip, _in_header, _zero, _cut, _insert, _remove, _repeat)
