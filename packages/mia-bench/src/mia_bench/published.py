"""The figures that others published, to stand beside ours.

They are in ``published.csv``: dataset, method, metric, value, select (how the epoch was chosen,
where it was not the last one), source.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import mia_data

from mia_bench import protocol, providers

if TYPE_CHECKING:
    from mia_bench.leaderboard import Row

PATH = Path(__file__).parent / "published.csv"
TIME = "fit_seconds"


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A published value of a metric."""

    dataset: str
    method: str
    metric: str
    value: float
    select: str
    source: str


@dataclass(frozen=True)
class Beside:
    """A published figure beside ours.

    Attributes:
        figure: The published one.
        ours: Mean over our seeds.
        difference: Ours - published, None where the two are not of the same images or quantity.
        caveats: What is known to differ, so that the figures are not those of the same experiment.
    """

    figure: Figure
    ours: float
    difference: float | None
    caveats: tuple[str, ...]


@cache
def figures() -> tuple[Figure, ...]:
    """All published figures; of several for the same result the preferred one is first."""
    with PATH.open(newline="", encoding="utf-8") as file:
        return tuple(
            Figure(
                dataset=line["dataset"],
                method=line["method"],
                metric=line["metric"],
                value=float(line["value"]),
                select=line["select"],
                source=line["source"],
            )
            for line in csv.DictReader(file)
        )


def beside(row: Row) -> list[Beside]:
    """The published figures of a row's method on its dataset, each beside ours.

    A figure of the whole dataset is also shown beside a result on a part of it, without a
    difference and with what differs.
    """
    settings = row.results[0]["settings"]
    wanted = row.dataset, settings.get("method"), settings.get("select") or ""
    chosen = [each for each in figures() if (each.dataset, each.method, each.select) == wanted]
    if not chosen:
        return []
    images, others = _images(row), _settings(row)
    return [
        Beside(
            figure,
            ours,
            None if images or figure.metric == TIME else ours - figure.value,
            (*images, *others, *_quantity(figure)),
        )
        for figure in chosen
        if (ours := row.seconds("fit") if figure.metric == TIME else row.mean(figure.metric))
        is not None
    ]


def _images(row: Row) -> tuple[str, ...]:
    """How the numbers of images differ from those of the whole dataset."""
    counts = mia_data.info(row.dataset).counts
    whole = {
        "training": counts.train_normal,
        "test": (counts.test_normal or 0) + (counts.test_abnormal or 0),
    }
    here = row.results[0]["images"]
    ours = {"training": here["train"], "test": here["test"]}
    return tuple(
        f"{ours[part]} {part} images instead of {count}"
        for part, count in whole.items()
        if ours[part] != count
    )


def _settings(row: Row) -> tuple[str, ...]:
    """How the settings differ from the study's."""
    settings = row.results[0]["settings"]
    info = providers.method(settings["method"]).info
    expected = {
        "epochs": protocol.epochs(info, row.dataset),
        "image_size": info.image_size,
        "channels": protocol.channels(info, row.dataset),
        "resize": info.resize,
    }
    changed = [
        f"{key} {settings[key]} instead of {value}"
        for key, value in expected.items()
        if settings[key] != value
    ]
    own = protocol.options(info, row.dataset)
    options = [
        f"{key} = {value}" for key, value in settings["options"].items() if own.get(key) != value
    ]
    return (*changed, *([f"options {', '.join(options)}"] if options else []))


def _quantity(figure: Figure) -> tuple[str, ...]:
    """What the published figure measured in another way."""
    if figure.select:
        return ("published: chosen by the training images, ours: by a tenth held out of them",)
    if figure.metric == "best_dice":
        return ("published: best of 100 or 200 quantile thresholds, ours: of all thresholds",)
    return ("on another machine",) if figure.metric == TIME else ()
