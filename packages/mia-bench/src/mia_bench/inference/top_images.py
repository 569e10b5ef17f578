"""The images with the highest scores, which the page of a scored folder shows."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mia_bench.inference.heatmaps import ColorScale, at_own_size, heatmap, thumbnail
from mia_bench.report import pictures

if TYPE_CHECKING:
    import numpy as np
    from mia_data import Decoded

SHOWN = 48
SIDE = 160  # of a picture, in pixels


@dataclass(frozen=True)
class TopImage:
    """An image on the page.

    Attributes:
        number: Number of images that were scored before it.
        id: Its id.
        score: Its score.
        quantile: Share of the normal images that score no higher.
        image: The picture as a data URI.
        heat: The picture under its map as a data URI, None where there is no map.
    """

    number: int
    id: str
    score: float
    quantile: float
    image: str
    heat: str | None


class TopImages:
    """Keeps the images with the highest scores; of equal ones, the earlier."""

    def __init__(self, scale: ColorScale | None) -> None:
        self._scale = scale
        self._kept: list[tuple[float, int, TopImage]] = []  # the lowest first

    def add(
        self, image: Decoded, number: int, score: float, quantile: float, heat: np.ndarray | None
    ) -> TopImage | None:
        """Add an image if its score is among the highest so far, and return it then.

        ``heat`` is its map (S, S).
        """
        if len(self._kept) == SHOWN and score <= self._kept[0][0]:
            return None
        small, box = thumbnail(image.original, image.box, SIDE)
        shown = None
        if heat is not None and self._scale is not None:
            whole = at_own_size(heat, box, *small.shape[1:])
            shown = pictures.data_uri(heatmap(small, whole, self._scale))
        picture = pictures.data_uri(pictures.rgb(small))
        added = TopImage(number, image.id, score, quantile, picture, shown)
        self.restore(added)
        return added

    def restore(self, image: TopImage) -> None:
        """Add what ``add`` returned, in the same order."""
        heapq.heappush(self._kept, (image.score, -image.number, image))
        if len(self._kept) > SHOWN:
            heapq.heappop(self._kept)

    def ranked(self) -> list[TopImage]:
        """Return the images, the highest score first."""
        return [image for _, _, image in sorted(self._kept, reverse=True)]
