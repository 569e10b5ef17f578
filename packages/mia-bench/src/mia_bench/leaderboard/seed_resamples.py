"""Resampled pixel metrics of several trainings of one method."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from mia_bench.run_folder.resamples_npz import RunResamples
    from mia_bench.run_folder.status import FinishedRun


def seed_resamples(runs: Sequence[FinishedRun]) -> list[RunResamples] | None:
    """Return the resamples of all runs; None where one has none or they hold different images.

    Runs of older versions have kept none.
    """
    kept = [run.resamples for run in runs if run.resamples is not None]
    same = len({resampled_images(each) for each in kept}) == 1
    return kept if same and len(kept) == len(runs) else None


def all_have(resamples: Sequence[RunResamples], metric: str) -> bool:
    """Return True if all of them hold this metric."""
    return all(metric in each.pixels.resampled for each in resamples)


def resampled_images(resamples: RunResamples) -> Hashable:
    """Return a key that is equal for resamples of the same images."""
    return resamples.images, resamples.pixels.drawn
