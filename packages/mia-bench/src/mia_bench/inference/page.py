"""report.html of a scored folder: the most unusual images, and a histogram of all scores."""

from __future__ import annotations

from dataclasses import asdict
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, NamedTuple

import jinja2
import numpy as np

from mia_bench.files import write_text
from mia_bench.inference import heatmaps
from mia_bench.literal_text import on_page
from mia_bench.report.chart_style import ABNORMAL, NORMAL
from mia_bench.report.masks import Masks
from mia_bench.report.page_budget import longest_fit, size_of
from mia_bench.report.score_range import score_range
from mia_bench.report.small_chart import Bars, Mark, chart
from mia_bench.report.svg_axes import Box

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from mia_bench.inference.model_folder import Model
    from mia_bench.inference.normal_scores import NormalScores
    from mia_bench.inference.scoring_summary import ScoringSummary
    from mia_bench.inference.top_images import TopImage
    from mia_bench.inference.volume_table import VolumeScore
    from mia_bench.inference.writer import ScoringWriter

BINS = 40
HISTOGRAM_BOX = Box(518.4, 187.2)  # points: 7.2 x 2.6 inches
PICTURE_BYTES = 16_000_000  # the page is smaller than 20 MB with what else is on it
BROKEN_SHOWN = VOLUMES_SHOWN = 100
# Shares of normal images at or above the slider's threshold, from right to left.
SHARES = np.concatenate([np.arange(1, 10) / 1000, np.arange(1, 100) / 100])


def write_page(
    path: Path, model: Model, writer: ScoringWriter, summary: ScoringSummary, *, title: str
) -> None:
    """Write the page of a folder called ``title``."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("mia_bench", "."),
        autoescape=jinja2.select_autoescape(["html.j2"]),
        finalize=on_page,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    scores = np.array(writer.scores, np.float32)
    masks = Masks()
    ranked = writer.top_images.ranked()
    cases = _cases(ranked, model.normal_scores, masks)
    text = environment.get_template("inference/page.html.j2").render(
        title=title,
        version=version("mia-bench"),
        model=model,
        summary=summary,
        cases=cases,
        too_large=len(ranked) - len(cases),
        masks=masks,
        histogram=histogram(model.normal_scores, scores, summary.threshold),
        slider=_slider(model.normal_scores, scores, summary.fpr),
        colors=heatmaps,
        broken=summary.broken[:BROKEN_SHOWN],
        volumes=_top_volumes(writer.volumes.scores),
        top_slices=writer.volumes.top,
    )
    write_text(path, text)


def _top_volumes(volumes: list[VolumeScore]) -> list[VolumeScore]:
    """Return the volumes for the page, the highest mean first."""
    ranked = sorted(volumes, key=lambda volume: volume.mean_top, reverse=True)
    return ranked[:VOLUMES_SHOWN]


def _cases(
    ranked: Sequence[TopImage], normal_scores: NormalScores, masks: Masks
) -> list[dict[str, Any]]:
    """Return the images for the page: the highest scores, as many as fit."""
    cases: list[dict[str, Any]] = [
        {
            **asdict(image),
            "above": _above(image.score, normal_scores),
            "mask": masks.add_path(image.path, image.width, image.height),
        }
        for image in ranked
    ]
    return cases[: longest_fit([[size_of(case) for case in cases]], PICTURE_BYTES)]


def _above(score: float, normal_scores: NormalScores) -> str:
    """Return how many of the normal images a score is higher than, in words."""
    count = len(normal_scores.scores)
    lower = int(np.searchsorted(normal_scores.scores, np.float32(score), side="left"))
    share = (
        f"all {count}" if lower == count else f"{lower} of {count}" if lower else f"none of {count}"
    )
    return f"higher than {share} normal {normal_scores.name}"


class Histogram(NamedTuple):
    """A histogram as SVG, and a sentence on the scores that lie beyond it."""

    svg: str
    note: str


def histogram(normal_scores: NormalScores, scores: np.ndarray, threshold: float) -> Histogram:
    """Draw the scores of the folder beside those of the normal images."""
    found = score_range(normal_scores.scores, scores, least_high=threshold)
    bins = np.linspace(found.low, found.high, BINS + 1)

    bars = []
    for values, name, color in (
        (normal_scores.scores, f"normal {normal_scores.name}", NORMAL),
        (scores, "this folder", ABNORMAL),
    ):
        inside = np.clip(values, bins[0], bins[-1])
        share = np.full(len(inside), 100 / len(inside))
        heights, _ = np.histogram(inside, bins, weights=share)
        bars.append(Bars(name, bins.tolist(), heights.tolist(), color))
    drawn = chart(
        bars=bars,
        labels=("score", "% of images"),
        mark=Mark(threshold, "threshold"),
        box=HISTOGRAM_BOX,
    )
    return Histogram(drawn, found.note)


def _slider(normal_scores: NormalScores, scores: np.ndarray, fpr: float) -> dict[str, Any]:
    """Return the share of normal images, threshold and flagged images of each position."""
    least = 1 / (len(normal_scores.scores) + 1)
    shares = np.unique([fpr, *SHARES[least <= SHARES]])[::-1]
    thresholds = [normal_scores.threshold(share) for share in shares.tolist()]
    ordered = np.sort(scores)
    flagged = len(ordered) - np.searchsorted(ordered, np.array(thresholds, np.float32))
    return {
        "start": int(np.flatnonzero(shares == fpr)[0]),
        "levels": {
            "share": shares.tolist(),
            "threshold": thresholds,
            "flagged": flagged.tolist(),
        },
    }
