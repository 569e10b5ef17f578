"""The scores and the division of normal images in a model's folder, which may be a stranger's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mia_bench.errors import StudyError, unknown_name
from mia_bench.inference.normal_scores import LEVELS, NormalScores, Origin
from mia_bench.inference.normal_split import CROSS_VALIDATED, HELD_OUT, NormalSplit
from mia_bench.inference.npy_file import read_numbers
from mia_bench.run_folder.json_file import JsonTable

if TYPE_CHECKING:
    from pathlib import Path


def one_of(table: JsonTable, key: str, known: tuple[str, ...]) -> str:
    """Take a text that is one of some names; a ``StudyError`` says what they are."""
    name = table.text(key)
    if name not in known:
        raise unknown_name(key, name, known)
    return name


def read_normal_scores(path: Path, known: JsonTable) -> NormalScores:
    """Read the scores of a file, and what ``NormalScores.summary`` says of them.

    Raises:
        StudyError: They are damaged, or do not fit each other.
    """
    scores = read_numbers(path, known.whole("images", 1), "float32")
    if (np.diff(scores) < 0).any():
        msg = f"expected the scores in {path.name} to rise"
        raise StudyError(msg)
    quantiles = known.table("pixel_quantiles")
    pixels = {level: quantiles.number(level) for level in quantiles.names()}
    levels = tuple(map(str, LEVELS))
    if pixels and tuple(pixels) != levels:
        msg = f"expected the pixel_quantiles {', '.join(levels)}, got {len(pixels)} others"
        raise StudyError(msg)
    if list(pixels.values()) != sorted(pixels.values()):
        msg = "expected the pixel_quantiles to rise"
        raise StudyError(msg)
    return NormalScores(
        origin=_origin(known),
        scores=scores,
        pixels={float(level): value for level, value in pixels.items()},
    )


def _origin(reference: JsonTable) -> Origin:
    """Return the images that the scores are of; older models do not say more than this."""
    named = reference.optional(JsonTable.text, "origin")
    if named is None:
        return Origin.CALIBRATION if reference.flag("held_out") else Origin.TRAINING
    names = tuple(origin.value for origin in Origin)
    return Origin(one_of(reference, "origin", names))


def read_normal_split(path: Path, facts: JsonTable | None) -> NormalSplit | None:
    """Read the parts of a file, and what ``NormalSplit.facts`` says of them; None for no split.

    Raises:
        StudyError: They are damaged, or do not fit each other.
    """
    if facts is None:
        return None
    parts = read_numbers(path, facts.whole("images", 1), "int16")
    if parts.min() < 0:
        msg = f"expected the parts in {path.name} to be 0 or above, got {parts.min()}"
        raise StudyError(msg)
    return NormalSplit(
        rule=one_of(facts, "rule", (HELD_OUT, CROSS_VALIDATED)),
        parts=parts,
        groups=facts.whole("groups", 1),
        share=facts.number("share", 0, 1),
        ids_sha256=facts.text("ids_sha256"),
    )
