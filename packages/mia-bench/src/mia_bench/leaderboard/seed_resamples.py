"""What several trainings of one method kept of their pixel metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mia_bench.run_folder.resamples_npz import Resamples, read_resamples

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from mia_bench.run_folder.folder import RunFolder


def read(folders: Sequence[RunFolder]) -> list[Resamples] | None:
    """The resamples of finished runs, None where one has none or theirs hold different images.

    Runs of older versions have kept none.

    Raises:
        StudyError: A damaged file.
    """
    if not all(folder.resamples.exists() for folder in folders):
        return None
    each = [read_resamples(each.resamples, each.read_result()["metrics"]) for each in folders]
    return each if len({draws(kept) for kept in each}) == 1 else None


def have(each: Sequence[Resamples], metric: str) -> bool:
    """Whether all of them are of this metric too."""
    return all(metric in kept.pixels.resampled for kept in each)


def draws(kept: Resamples) -> Hashable:
    """Alike for runs whose resamples hold the same images."""
    return kept.images, kept.pixels.drawn
