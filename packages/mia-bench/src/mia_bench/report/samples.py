"""Samples of the leaderboard's rows: the same few test images through every method of a dataset."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from mia_bench.errors import StudyError
from mia_bench.run_folder.samples_npz import Samples

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mia_bench.leaderboard.rows import Row
    from mia_bench.run_folder.scores_csv import ImageScores


class RowSamples(NamedTuple):
    """Samples of rows; the first seed of each row stands for it.

    Attributes:
        readable: Dataset and label -> samples.
        missing: Names of runs of versions that kept none.
        damaged: Name of each run whose samples cannot be read -> the damage.
    """

    readable: Mapping[tuple[str, str], Samples]
    missing: Sequence[str]
    damaged: Mapping[str, str]

    def of_dataset(self, rows: Iterable[Row]) -> dict[str, Samples]:
        """Return label -> samples of those of a dataset's rows that have them."""
        return {row.label: self.readable[row.key] for row in rows if row.key in self.readable}


def read_samples(rows: Iterable[Row]) -> RowSamples:
    """Read the samples of each row."""
    readable: dict[tuple[str, str], Samples] = {}
    missing: list[str] = []
    damaged: dict[str, str] = {}
    for row in rows:
        folder = row.runs[0].folder
        name = "/".join(folder.path.parts[-3:])
        if not folder.samples.exists():
            missing.append(name)
            continue
        try:
            readable[row.key] = Samples.load(folder.samples)
        except StudyError as error:
            damaged[name] = str(error)
    return RowSamples(readable, missing, damaged)


def how_to_add(out: object) -> str:
    """Return what to do about runs of versions that kept no samples."""
    return f"`mia-bench figure {out} --add-missing` makes them from the runs' models and datasets"


def see_a_part(rows: Iterable[Row]) -> list[str]:
    """Return the methods that see the middle square of images which are not square."""
    return list(dict.fromkeys(row.label for row in rows if row.settings.resize != "squash"))


def cropping_note(labels: Sequence[str]) -> str:
    """Return the sentence on methods that see a part of some images; empty where none does."""
    if not labels:
        return ""
    verb = "sees" if len(labels) == 1 else "see"
    return f"{', '.join(labels)} {verb} the middle square of images that are not square."


def shows_most(samples: Mapping[str, Samples], cropping: Sequence[str] = ()) -> Samples:
    """Return the samples whose images show most: whole, in color, and of the most pixels.

    Args:
        samples: Label -> samples of a dataset.
        cropping: Labels of methods that see a part of some images.
    """

    def content(label: str) -> tuple[bool, int, int]:
        _, channels, _, side = samples[label].images.shape
        return label not in cropping, channels, side

    return samples[max(samples, key=content)]


def common_ids(samples: Iterable[Samples]) -> list[str]:
    """Return the identifiers of the images that all of these have, in the order of the first."""
    lists = [each.ids.tolist() for each in samples]
    shared = set(lists[0]).intersection(*lists[1:]) if lists else set()
    return [name for name in lists[0] if name in shared] if lists else []


def calibrated_ranks(scores: ImageScores) -> dict[str, float]:
    """Return each test image's rank: the share of the normal test images that score lower.

    Equal scores count half. Unlike scores, ranks of several methods can be compared.
    """
    normal = np.sort(scores.scores[scores.labels == 0])
    below = np.searchsorted(normal, scores.scores, side="left")
    up_to = np.searchsorted(normal, scores.scores, side="right")
    ranks = (below + up_to) / (2 * len(normal))
    return dict(zip(scores.ids, ranks.tolist(), strict=True))


def by_disagreement(ids: Sequence[str], ranks: Sequence[Mapping[str, float]]) -> list[str]:
    """Sort images by the standard deviation of their ranks over the methods, the largest first.

    Args:
        ids: The images.
        ranks: For each method the rank of each image, see ``calibrated_ranks``.
    """
    spread = {name: float(np.std([each[name] for each in ranks])) for name in ids}
    return sorted(ids, key=lambda name: -spread[name])
