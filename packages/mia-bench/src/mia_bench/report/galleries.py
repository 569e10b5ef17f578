"""Galleries of the leaderboard's rows: the images, maps and masks that the page shows of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from mia_bench.errors import StudyError
from mia_bench.report import pictures
from mia_bench.run_folder.gallery_npz import KINDS, Gallery

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mia_bench.leaderboard.rows import Row
    from mia_bench.report.masks import Masks

KIND_TITLES = {
    "hit": "Abnormal, highest scores",
    "miss": "Abnormal, lowest scores",
    "false alarm": "Normal, highest scores",
    "quiet": "Normal, lowest scores",
}


class Galleries(NamedTuple):
    """Galleries of rows; the first seed of each row stands for it.

    Attributes:
        readable: Dataset and label -> gallery.
        damaged: Name of each run whose gallery cannot be read -> the damage.
    """

    readable: Mapping[tuple[str, str], Gallery]
    damaged: Mapping[str, str]


def read_galleries(rows: Iterable[Row]) -> Galleries:
    """Read the gallery of each row."""
    readable: dict[tuple[str, str], Gallery] = {}
    damaged: dict[str, str] = {}
    for row in rows:
        folder = row.runs[0].folder
        try:
            readable[row.key] = Gallery.load(folder.gallery)
        except StudyError as error:
            damaged["/".join(folder.path.parts[-3:])] = str(error)
    return Galleries(readable, damaged)


def draw_gallery(gallery: Gallery, masks: Masks) -> list[dict[str, Any]]:
    """Return the pictures of a gallery as data URIs, in a list for each kind."""
    rows: dict[str, list[dict[str, Any]]] = {kind: [] for kind in KINDS}
    for i, kind in enumerate(gallery.kinds.tolist()):
        heat = None
        if gallery.maps.size:
            low, high = gallery.map_range.tolist()
            heat = pictures.overlay(gallery.images[i], gallery.maps[i], (low, high))
        rebuilt = gallery.reconstructions
        picture = {
            "id": str(gallery.ids[i]),
            "score": float(gallery.scores[i]),
            "label": "abnormal" if gallery.labels[i] else "normal",
            "image": pictures.picture(gallery.images[i]),
            "reconstruction": pictures.picture(rebuilt[i]) if rebuilt.size else None,
            "heat": heat,
            "mask": masks.add(gallery.masks[i]) if gallery.masks.size else None,
        }
        rows[kind].append(picture)
    return [{"title": KIND_TITLES[kind], "pictures": found} for kind, found in rows.items()]
