"""Masks of the page's images: each outline is in the page once, however often it is drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mia_bench.report.outlines import outline

if TYPE_CHECKING:
    import numpy as np


class Outline(NamedTuple):
    """An outline on the page.

    Attributes:
        id: The id of its path.
        path: The path.
        width: Width of the grid that it is drawn on.
        height: Height of that grid.
    """

    id: str
    path: str
    width: int
    height: int


class Masks:
    """The outlines of a page, each under an id of its own."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, int, int], Outline] = {}

    def add(self, mask: np.ndarray) -> Outline | None:
        """Return the outline of a mask (H, W); None where nothing is marked."""
        return self.add_path(*outline(mask))

    def add_path(self, path: str, width: int, height: int) -> Outline | None:
        """Return the outline that a path draws on a grid; None where the path is empty."""
        found = path, width, height
        if not path:
            return None
        if found not in self._known:
            self._known[found] = Outline(f"mask-{len(self._known)}", *found)
        return self._known[found]

    @property
    def all(self) -> list[Outline]:
        """All outlines, in the order in which they were added."""
        return list(self._known.values())
