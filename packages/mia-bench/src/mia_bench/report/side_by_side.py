"""The same test images through every method of a dataset, those of most disagreement first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mia_bench.report import pictures
from mia_bench.report.samples import (
    by_disagreement,
    calibrated_ranks,
    common_ids,
    cropping_note,
    see_a_part,
    shows_most,
)
from mia_bench.report.tables import anchor

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mia_bench.leaderboard.rows import Row
    from mia_bench.report.masks import Masks
    from mia_bench.run_folder.samples_npz import Samples

SHOWN = 6  # images, which fit beside each other on a laptop
OPENING = 4  # images of each kind at the top of a dataset


def opening_images(
    rows: Sequence[Row], samples: Mapping[str, Samples], masks: Masks
) -> list[dict[str, Any]]:
    """Return a few normal and abnormal test images; see ``side_by_side`` for the arguments."""
    if not samples:
        return []
    largest = shows_most(samples, see_a_part(rows))
    labels = largest.labels.tolist()
    chosen = [
        at
        for kind in (0, 1)
        for at in [i for i, label in enumerate(labels) if label == kind][:OPENING]
    ]
    return [_input(largest, at, masks) for at in chosen]


def side_by_side(
    rows: Sequence[Row], samples: Mapping[str, Samples], masks: Masks
) -> dict[str, Any] | None:
    """Return the table of a dataset: methods down, images across; None without images.

    Args:
        rows: The dataset's rows of the leaderboard.
        samples: Label -> samples, of those of its methods that have kept some.
        masks: The page's outlines.
    """
    known = [row for row in rows if row.label in samples]
    shared = common_ids([samples[row.label] for row in known])
    if not shared:
        return None
    ranks = {row.label: calibrated_ranks(row.runs[0].scores) for row in known}
    shared = [name for name in shared if all(name in each for each in ranks.values())]
    chosen = by_disagreement(shared, list(ranks.values()))[:SHOWN]
    columns = [_column(name, known, samples, ranks, masks) for name in chosen]
    return {
        "rows": [{"method": row.label, "anchor": anchor(row)} for row in known],
        "columns": columns,
        "kept": len(shared),
        "reconstructs": any(samples[row.label].reconstructions.size for row in known),
        "cropping": cropping_note(see_a_part(known)),
    }


def _column(
    name: str,
    rows: Sequence[Row],
    samples: Mapping[str, Samples],
    ranks: Mapping[str, Mapping[str, float]],
    masks: Masks,
) -> dict[str, Any]:
    """Return an image with what each method makes of it."""
    largest = shows_most(samples, see_a_part(rows))
    at = largest.ids.tolist().index(name)
    cells = [_cell(row, samples[row.label], name, ranks[row.label][name]) for row in rows]
    own = [each[name] for each in ranks.values()]
    return {
        **_input(largest, at, masks),
        "cells": cells,
        "lowest": min(own),
        "highest": max(own),
    }


def _cell(row: Row, samples: Samples, name: str, rank: float) -> dict[str, Any]:
    """Return a method's reconstruction and map of an image, its score and rank."""
    at = samples.ids.tolist().index(name)
    scores = row.runs[0].scores
    heat = None
    if samples.maps.size:
        low, high = samples.map_range.tolist()
        heat = pictures.heat(samples.maps[at], (low, high))
    rebuilt = samples.reconstructions
    return {
        "reconstruction": pictures.picture(rebuilt[at]) if rebuilt.size else None,
        "heat": heat,
        "score": float(scores.scores[scores.ids.index(name)]),
        "rank": rank,
    }


def _input(samples: Samples, at: int, masks: Masks) -> dict[str, Any]:
    return {
        "id": str(samples.ids[at]),
        "label": "abnormal" if samples.labels[at] else "normal",
        "image": pictures.picture(samples.images[at]),
        "mask": masks.add(samples.masks[at]) if samples.masks.size else None,
    }
