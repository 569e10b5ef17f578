"""Published figures of the same methods on the same datasets, to stand beside ours.

They are in ``published.csv``: dataset, method, metric, value, select (how the epoch was chosen,
where it was not the last one), options (that the figure is for, where they are not the method's
usual ones, as ``latent=4``), source.
"""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mia_data

from mia_bench.leaderboard.original_experiments import original_experiment
from mia_bench.metric_names import STUDY_DICE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mia_bench.leaderboard.original_experiments import OriginalExperiment
    from mia_bench.leaderboard.rows import Row
    from mia_bench.run_folder.records import ImageCounts, RunSettings

PATH = Path(__file__).parent / "published.csv"
TIME = "fit_seconds"


@dataclass(frozen=True, kw_only=True)
class PublishedFigure:
    """A published value of a metric.

    Attributes:
        dataset: Registered name of the dataset.
        method: Registered name of the method.
        metric: A metric, or ``TIME``.
        value: The figure, metrics from 0 to 1.
        select: Rule that chose the epoch; empty for the last one.
        options: Options that differ from the method's usual ones.
        source: Where it was published.
    """

    dataset: str
    method: str
    metric: str
    value: float
    select: str
    options: Mapping[str, Any]
    source: str


@dataclass(frozen=True)
class PublishedComparison:
    """A published figure beside ours.

    Attributes:
        figure: The published one.
        ours: Mean over our seeds; of the best Dice by the study's own rule, where runs have it.
        difference: Ours - published, None where the two are not of the same images or quantity.
        caveats: Known differences, for which the figures are not those of the same experiment.
    """

    figure: PublishedFigure
    ours: float
    difference: float | None
    caveats: tuple[str, ...]


@cache
def published_figures() -> tuple[PublishedFigure, ...]:
    """Read all published figures; of several for the same result the preferred one is first."""
    with PATH.open(newline="", encoding="utf-8") as file:
        return tuple(
            PublishedFigure(
                dataset=line["dataset"],
                method=line["method"],
                metric=line["metric"],
                value=float(line["value"]),
                select=line["select"],
                options=_read_options(line["options"]),
                source=line["source"],
            )
            for line in csv.DictReader(file)
        )


def compare_with_published(row: Row) -> list[PublishedComparison]:
    """Compare a row with the published figures of its method on its dataset.

    A figure of the whole dataset is also shown beside a result on a part of it, without a
    difference and with the caveat. Figures for the very options of the row come first; figures for
    other options than the method's usual ones are left out.
    """
    figures = _figures_of(row.settings)
    images = _image_caveats(row) if figures else ()
    compared = []
    for figure in figures:
        ours = row.fit_seconds if figure.metric == TIME else _ours(row, figure.metric)
        if ours is not None:
            difference = None if images or figure.metric == TIME else ours - figure.value
            caveats = (*images, *_setting_caveats(row.settings, figure), *_quantity(row, figure))
            compared.append(PublishedComparison(figure, ours, difference, caveats))
    return compared


def _figures_of(settings: RunSettings) -> list[PublishedFigure]:
    """Return the figures of these settings' experiment, those of their very options first."""
    wanted = settings.dataset, settings.method, settings.select or ""
    figures = [
        each
        for each in published_figures()
        if (each.dataset, each.method, each.select) == wanted
        and all(settings.options.get(key) == value for key, value in each.options.items())
    ]
    return sorted(figures, key=lambda each: not each.options)


def _image_caveats(row: Row) -> tuple[str, ...]:
    """Return how the numbers of images differ from those of the whole dataset."""
    counts = mia_data.info(row.dataset).counts
    whole = {
        "training": counts.train_normal,
        "test": (counts.test_normal or 0) + (counts.test_abnormal or 0),
    }
    images: ImageCounts = row.runs[0].record.images
    ours = {"training": images.train, "test": images.test}
    return tuple(
        f"{ours[part]} {part} images instead of {count}"
        for part, count in whole.items()
        if ours[part] != count
    )


def _setting_caveats(settings: RunSettings, figure: PublishedFigure) -> tuple[str, ...]:
    """Return how the run differs from the original experiment in settings and options."""
    original = original_experiment(settings.method, settings.dataset)
    expected = {
        "epochs": original.epochs,
        "image_size": original.image_size,
        "channels": original.channels,
        "resize": original.resize,
        "resample": original.resample,
    }
    changed = [
        f"{key} {getattr(settings, key)} instead of {value}"
        for key, value in expected.items()
        if getattr(settings, key) != value
    ]
    lacking = [what for key, what in original.required.items() if key not in settings.options]
    options = _option_caveats(settings.options, figure, original)
    return (*changed, *options, *lacking, *original.differences)


def _option_caveats(
    options: Mapping[str, Any], figure: PublishedFigure, original: OriginalExperiment
) -> list[str]:
    expected = {**original.options, **figure.options}
    caveats = []
    for key, value in expected.items():
        ours = options.get(key, original.unset.get(key, original.options.get(key)))
        if ours != value:
            caveats.append(f"{key} {ours} instead of {value}")
    known = {*expected, *original.required}
    unknown = [f"{key} = {value}" for key, value in options.items() if key not in known]
    return [*caveats, f"options {', '.join(unknown)}"] if unknown else caveats


def _ours(row: Row, metric: str) -> float | None:
    """Return the mean over our seeds, measured as the published figure where that is known."""
    if metric == "best_dice" and STUDY_DICE in row.means:
        return row.means[STUDY_DICE]
    return row.means.get(metric)


def _quantity(row: Row, figure: PublishedFigure) -> tuple[str, ...]:
    """Return how the published figure was measured, if in another way than ours."""
    if figure.select:
        return ("published: chosen by the training images, ours: by a tenth held out of them",)
    if figure.metric == "best_dice" and STUDY_DICE not in row.means:
        return ("published: best of 100 or 200 quantile thresholds, ours: of all thresholds",)
    return ("on another machine",) if figure.metric == TIME else ()


def _read_options(text: str) -> dict[str, Any]:
    """Read ``latent=4; width=16``; values are JSON."""
    pairs = [part.strip().split("=", 1) for part in text.split(";") if part.strip()]
    return {key: json.loads(value) for key, value in pairs}
