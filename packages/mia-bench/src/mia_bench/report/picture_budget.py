"""The number of pictures of a page, limited so that a browser opens it at once."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable


def keep_within(kinds: Iterable[list[dict[str, Any]]], limit: int) -> int:
    """Shorten lists of pictures, the best first, so that all together fit; return the length.

    All get the same length, the longest that fits, and keep at least one picture.
    """
    kinds = list(kinds)
    sizes = [[len(each["image"]) + len(each["heat"] or "") for each in kind] for kind in kinds]
    longest = max(map(len, kinds), default=0)
    fitting = (
        count
        for count in range(longest, 1, -1)
        if sum(chain.from_iterable(size[:count] for size in sizes)) <= limit
    )
    length = next(fitting, 1)
    for kind in kinds:
        del kind[length:]
    return length
