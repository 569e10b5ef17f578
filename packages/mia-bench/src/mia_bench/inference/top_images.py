"""The few images of a folder that its page shows."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mia_bench.inference.heatmaps import Scale, at_own_size, heatmap, thumbnail
from mia_bench.report import pictures

if TYPE_CHECKING:
    import numpy as np
    from mia_data import Decoded

SHOWN = 48
SIDE = 160  # of a picture, in pixels


@dataclass(frozen=True)
class Case:
    """An image on the page: pictures are data URIs, ``heat`` None where there is no map.

    ``number`` counts the images that were offered before it.
    """

    number: int
    id: str
    score: float
    quantile: float
    image: str
    heat: str | None


class Showcase:
    """Keeps the images with the highest scores; of equal ones, the earlier."""

    def __init__(self, scale: Scale | None) -> None:
        self._scale = scale
        self._kept: list[tuple[float, int, Case]] = []  # the lowest first

    def offer(
        self, image: Decoded, number: int, score: float, quantile: float, heat: np.ndarray | None
    ) -> Case | None:
        """Take an image if it belongs on the page so far, and return it; ``heat`` is (S, S)."""
        if len(self._kept) == SHOWN and score <= self._kept[0][0]:
            return None
        small, box = thumbnail(image.original, image.box, SIDE)
        shown = None
        if heat is not None and self._scale is not None:
            whole = at_own_size(heat, box, *small.shape[1:])
            shown = pictures.data_uri(heatmap(small, whole, self._scale))
        picture = pictures.data_uri(pictures.rgb(small))
        case = Case(number, image.id, score, quantile, picture, shown)
        self.take(case)
        return case

    def take(self, case: Case) -> None:
        """Take what ``offer`` returned, in the same order."""
        heapq.heappush(self._kept, (case.score, -case.number, case))
        if len(self._kept) > SHOWN:
            heapq.heappop(self._kept)

    def cases(self) -> list[Case]:
        """The images, the highest score first."""
        return [case for _, _, case in sorted(self._kept, reverse=True)]
