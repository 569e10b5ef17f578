"""Random order that depends on a seed and on names alone."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def in_seeded_order(names: Iterable[str], seed: int) -> list[str]:
    """Return names ordered by a hash of the seed and the name.

    The order is the same on every machine and in every version of Python and NumPy, and the order
    of two names does not depend on the others.
    """
    return sorted(names, key=lambda name: (_digest(f"{seed}/{name}"), name))


def _digest(text: str) -> bytes:
    return blake2b(text.encode(), digest_size=16).digest()
