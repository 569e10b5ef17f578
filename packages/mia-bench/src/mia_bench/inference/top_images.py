"""The images with the highest scores, which the page of a scored folder shows."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mia_bench.inference.heatmaps import ColorScale, at_own_size, colored, thumbnail
from mia_bench.report import pictures
from mia_bench.report.outlines import outline

if TYPE_CHECKING:
    from collections.abc import Callable

    from mia_data import Decoded

SHOWN = 48
SIDE = 288  # of a picture, in pixels: it can be enlarged


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
        reconstruction: The method's reconstruction as a data URI, None where it gives none.
        path: SVG path around the most unusual pixels; empty where there are none.
        width: Width of the grid of the path.
        height: Height of that grid.
    """

    number: int
    id: str
    score: float
    quantile: float
    image: str
    heat: str | None
    reconstruction: str | None = None
    path: str = ""
    width: int = 0
    height: int = 0


class TopImages:
    """Keeps the images with the highest scores; of equal ones, the earlier."""

    def __init__(self, scale: ColorScale | None) -> None:
        self._scale = scale
        self._kept: list[tuple[float, int, TopImage]] = []  # the lowest first

    def add(
        self,
        image: Decoded,
        number: int,
        score: float,
        quantile: float,
        heat: np.ndarray | None,
        reconstruct: Callable[[np.ndarray], np.ndarray] | None = None,
    ) -> TopImage | None:
        """Add an image if its score is among the highest so far, and return it then.

        Args:
            image: The image.
            number: Number of images that were scored before it.
            score: Its score.
            quantile: Share of the normal images that score no higher.
            heat: Its map (S, S), or None.
            reconstruct: Images uint8 (N, C, S, S) -> reconstructions float32, from 0 to 1; None
                where the method gives none.
        """
        if len(self._kept) == SHOWN and score <= self._kept[0][0]:
            return None
        small, box = thumbnail(image.original, image.box, SIDE)
        shown, around = None, ("", 0, 0)
        if heat is not None and self._scale is not None:
            whole = at_own_size(heat, box, *small.shape[1:])
            shown = pictures.data_uri(colored(small, whole, self._scale))
            around = outline(whole > self._scale.outlined)
        rebuilt = None
        if reconstruct is not None:
            planes = reconstruct(image.image[None])[0].clip(0, 1) * 255
            own = np.stack([at_own_size(plane, box, *small.shape[1:]) for plane in planes])
            rebuilt = pictures.data_uri(pictures.rgb(np.rint(np.nan_to_num(own)).astype(np.uint8)))
        picture = pictures.data_uri(pictures.rgb(small))
        added = TopImage(number, image.id, score, quantile, picture, shown, rebuilt, *around)
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
