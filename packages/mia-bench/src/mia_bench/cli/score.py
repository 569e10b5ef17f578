"""mia-bench score: score a folder of images with a trained model."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from mia_bench.cli.echo import echo
from mia_bench.cli.options import ALLOW_DAMAGED, DEVICE, FOLDER, JSON
from mia_bench.terminal.console import make_console
from mia_bench.terminal.step_progress import progress

if TYPE_CHECKING:
    from pathlib import Path

BROKEN_SAID = 10  # broken files named on stderr


@click.command()
@click.option(
    "--model",
    type=FOLDER,
    required=True,
    help="Folder of a model that `mia-bench fit` wrote.",
)
@click.option(
    "--images",
    type=FOLDER,
    required=True,
    help="Folder of images; subfolders are included.",
)
@click.option("--out", type=FOLDER, required=True, help="Output folder.")
@click.option(
    "--fpr",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=0.05,
    help="False-positive rate: share of normal images that may be flagged (default: 0.05).",
)
@click.option("--strict", is_flag=True, help="Stop at the first file that cannot be read.")
@ALLOW_DAMAGED
@click.option(
    "--heatmaps/--no-heatmaps",
    default=True,
    help="Write a heatmap for each image (default: --heatmaps).",
)
@click.option(
    "--raw-maps", is_flag=True, help="Also write each anomaly map as .npy, at its image's own size."
)
@DEVICE
@click.option(
    "--batch-size",
    type=click.IntRange(min=1),
    default=64,
    help="Number of images scored at a time (default: 64).",
)
@JSON
def score(images: Path, as_json: bool, **settings: Any) -> None:
    """Score a folder of images with a trained model.

    Writes scores.csv (file, score, share of normal images that score no higher, flagged or not),
    a heatmap of each image, broken.csv (files that cannot be read) and a page of the most unusual
    images.
    """
    from mia_bench.inference.page import PAGE
    from mia_bench.inference.score import score as run
    from mia_bench.inference.writer import SCORES

    with progress(make_console(stderr=True), "files") as tell:
        summary = run(images=images, on_progress=lambda n, total: tell(n, total, ""), **settings)
    for _, reason in summary.broken[:BROKEN_SAID]:
        echo(f"mia-bench: left out: {reason}", err=True)
    if len(summary.broken) > BROKEN_SAID:
        more = len(summary.broken) - BROKEN_SAID
        echo(f"mia-bench: left out: {more} more files, see broken.csv", err=True)
    if summary.passed_over:
        echo(
            f"mia-bench: passed over {summary.passed_over} files that are no images by their "
            f"names, or links to folders, such as {summary.passed_over_example}",
            err=True,
        )
    table, page = summary.out / SCORES, summary.out / PAGE
    if as_json:
        answer = {**summary.as_json(), "table": str(table), "page": str(page)}
        echo(json.dumps(answer, indent=1))
        return
    echo(
        f"{summary.flagged} of {summary.images} images flagged "
        f"(score from {summary.threshold:.4g}, at most {100 * summary.fpr:.3g} % of the model's "
        f"{summary.normals})"
    )
    echo(f"Page: {page}\nTable: {table}")
