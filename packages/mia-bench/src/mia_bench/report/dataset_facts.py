"""Facts of the page's datasets: what the images are, how many, and where they come from."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import mia_data

from mia_bench.report.citations import web_link

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mia_bench.leaderboard.rows import Row


def dataset_facts(name: str, rows: Sequence[Row]) -> dict[str, Any]:
    """Return the facts of a dataset with these rows.

    Of the user's own images no more than the last part of their path is told.
    """
    run = rows[0].runs[0]
    labels = run.scores.labels
    facts: dict[str, Any] = {
        "train": run.record.images.train,
        "normal": int((labels == 0).sum()),
        "abnormal": int((labels == 1).sum()),
        "title": None,
        "modality": None,
        "license": None,
        "citation": None,
        "link": None,
        "own": None,
    }
    own = None if run.record.data is None else run.record.data.source.own
    if own is not None:
        return {**facts, "own": PurePath(own).name}
    try:
        info = mia_data.info(name)
    except mia_data.UnknownNameError:  # of a plug-in that is not installed here
        return facts
    return {
        **facts,
        "title": f"{info.title[:1].upper()}{info.title[1:]}",
        "modality": info.modality,
        "license": info.license,
        "citation": None if info.citation == "none" else info.citation,
        "link": web_link(info.homepage),
    }
