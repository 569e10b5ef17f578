"""Content of a study's figure: methods, datasets, and images that all of these have kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mia_bench.errors import StudyError, unknown_name
from mia_bench.leaderboard.findings import METRIC
from mia_bench.leaderboard.ranks import rank_methods
from mia_bench.report.samples import common_ids, see_a_part

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mia_bench.leaderboard.rows import Row
    from mia_bench.run_folder.samples_npz import Samples

SCALES = ("method", "run")


@dataclass(frozen=True)
class FigureContent:
    """Rows, columns and images of a figure.

    Attributes:
        methods: Labels of the rows, from the top.
        images: Dataset -> identifiers of its images, from the left.
        samples: Dataset and label -> samples that have these images.
        scale: ``"method"`` for one color scale for all maps of a method, stated beside its row;
            ``"run"`` for one for each method and dataset, stated under its maps.
        cropping: Labels of methods that see the middle square of images which are not square.
    """

    methods: Sequence[str]
    images: Mapping[str, Sequence[str]]
    samples: Mapping[tuple[str, str], Samples]
    scale: str = "method"
    cropping: Sequence[str] = ()

    @property
    def reconstructs(self) -> bool:
        """True where some method gives reconstructions, which then have columns of their own."""
        return any(each.reconstructions.size for each in self.samples.values())

    def range_of(self, dataset: str, label: str) -> tuple[float, float]:
        """Return the values that the color scale of a map begins and ends at."""
        ranges = [
            found.map_range
            for (name, method), found in self.samples.items()
            if method == label and found.maps.size and (self.scale == "method" or name == dataset)
        ]
        low = min(float(each[0]) for each in ranges)
        return low, max(float(each[1]) for each in ranges)

    def has_map(self, label: str) -> bool:
        """True where a method has maps on some dataset."""
        return any(
            method == label and found.maps.size for (_, method), found in self.samples.items()
        )


def choose_content(
    rows: Sequence[Row],
    samples: Mapping[tuple[str, str], Samples],
    *,
    images: int | Sequence[str] = 1,
    methods: Sequence[str] | None = None,
    datasets: Sequence[str] | None = None,
    scale: str = "method",
) -> FigureContent:
    """Choose what the figure shows.

    Args:
        rows: Rows of the leaderboard.
        samples: Dataset and label -> samples, of rows that have some.
        images: Number of images of each dataset, abnormal and normal ones in turn; or identifiers,
            of which each dataset shows those that it has.
        methods: Labels, from the top; None for all that draw something, by average rank.
        datasets: Names, from the left; None for all.
        scale: See ``FigureContent``.

    Raises:
        StudyError: A method, dataset or image that is not there, or nothing to draw.
    """
    names = list(dict.fromkeys(dataset for dataset, _ in samples))
    drawn = {
        key: each for key, each in samples.items() if each.maps.size + each.reconstructions.size
    }
    labels = [label for label in _ordered(rows) if any(label == method for _, method in drawn)]
    chosen = _known("dataset with images for figures", datasets, names)
    shown = _known("method with maps or reconstructions", methods, labels)
    picked = {key: drawn[key] for key in drawn if key[0] in chosen and key[1] in shown}
    found = _images_of(chosen, picked, images)
    return FigureContent(
        methods=[label for label in shown if any(label == method for _, method in picked)],
        images=found,
        samples={key: each for key, each in picked.items() if key[0] in found},
        scale=scale,
        cropping=[label for label in see_a_part(rows) if label in shown],
    )


def _ordered(rows: Sequence[Row]) -> list[str]:
    """Return the labels of all methods, best average rank first; then by AUROC."""
    ranked = rank_methods(rows, METRIC).average
    return list(dict.fromkeys([*ranked, *(row.label for row in rows)]))


def _known(kind: str, wanted: Sequence[str] | None, known: Sequence[str]) -> Sequence[str]:
    for name in wanted or ():
        if name not in known:
            raise unknown_name(kind, name, known)
    return known if wanted is None else list(dict.fromkeys(wanted))


def _images_of(
    datasets: Sequence[str],
    samples: Mapping[tuple[str, str], Samples],
    images: int | Sequence[str],
) -> dict[str, Sequence[str]]:
    """Return the images of each dataset."""
    kept = {
        dataset: _alternating([each for (name, _), each in samples.items() if name == dataset])
        for dataset in datasets
    }
    kept = {dataset: ids for dataset, ids in kept.items() if ids}
    if not kept:
        msg = "nothing to draw: the methods have no images in common on any of the datasets"
        raise StudyError(msg)
    if isinstance(images, int):
        most = min(len(ids) for ids in kept.values())
        if not 1 <= images <= most:
            msg = f"expected the number of images to be from 1 to {most}, got {images}"
            raise StudyError(msg)
        return {dataset: ids[:images] for dataset, ids in kept.items()}
    everything = list(dict.fromkeys(name for ids in kept.values() for name in ids))
    for name in images:
        if name not in everything:
            raise unknown_name("image", name, everything)
    found: dict[str, Sequence[str]] = {
        dataset: [name for name in images if name in ids] for dataset, ids in kept.items()
    }
    without = [dataset for dataset, ids in found.items() if not ids]
    if without:
        msg = (
            f"none of the images {', '.join(images)} is of {without[0]}, which has "
            f"{', '.join(kept[without[0]])}; name some of each, or the datasets with --datasets"
        )
        raise StudyError(msg)
    return found


def _alternating(samples: Sequence[Samples]) -> list[str]:
    """Return the images that all of these have, abnormal and normal ones in turn."""
    if not samples:
        return []
    shared = common_ids(samples)
    labels = dict(zip(samples[0].ids.tolist(), samples[0].labels.tolist(), strict=True))
    kinds = [[name for name in shared if labels[name] == label] for label in (1, 0)]
    longest = max(map(len, kinds))
    return [kind[i] for i in range(longest) for kind in kinds if i < len(kind)]
