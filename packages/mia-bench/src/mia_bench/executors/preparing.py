"""What is read before any run starts, so that what is missing or damaged shows at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mia_bench.execute import load_split

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mia_bench.plan import Run


def read_datasets(runs: Sequence[Run], roots: Mapping[str, str | None]) -> None:
    """Read every split once, at each size that a run asks for.

    Raises:
        DataError: A dataset that is missing or damaged.
    """
    views = {(run.dataset, run.image_size, run.channels, run.resize): run for run in runs}
    for run in views.values():
        for split in ("train", "test"):
            load_split(run, split, roots[run.dataset])
