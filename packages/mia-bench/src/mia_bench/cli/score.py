"""mia-bench score: score a folder of images with a trained model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from mia_bench.cli.echo import echo
from mia_bench.cli.options import ALLOW_DAMAGED, DEVICE, FOLDER, JSON
from mia_bench.execution.resources import keep_freed_memory
from mia_bench.terminal.console import make_console
from mia_bench.terminal.step_progress import progress

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
@click.option(
    "--volumes",
    type=click.Choice(["source", "nifti", "none"]),
    default="source",
    help="Format of the maps of volumes. source: NIfTI for NIfTI, and for DICOM a Parametric Map "
    "and a Segmentation of what is flagged; nifti: NIfTI for both; none: no such maps "
    "(default: source).",
)
@click.option(
    "--top-slices",
    type=click.IntRange(min=1),
    default=5,
    help="Number of slices whose mean score is a score of their volume (default: 5).",
)
@click.option(
    "--anonymous",
    is_flag=True,
    help="Call images by salted hashes, so that neither outputs nor messages hold a file's name; "
    "DICOM volumes give NIfTI then.",
)
@click.option(
    "--salt-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File of at least 16 secret bytes for --anonymous: with them the same file has the same "
    "id each time (default: random bytes that are not kept).",
)
@DEVICE
@click.option(
    "--batch-size",
    type=click.IntRange(min=1),
    help="Number of images scored at a time (default: what suits the device and the method).",
)
@JSON
def score(images: Path, salt_file: Path | None, as_json: bool, **settings: Any) -> None:
    """Score a folder of images with a trained model.

    Writes scores.csv (file, score, share of normal images that score no higher, flagged or not),
    a heatmap of each image, broken.csv (files that cannot be read) and a page of the most unusual
    images. Of NIfTI volumes and DICOM series also volumes.csv and their maps in the same geometry.
    """
    from mia_bench.inference.anonymous_ids import read_salt
    from mia_bench.inference.output_files import PAGE, SCORES, VOLUMES
    from mia_bench.inference.score import score as run

    keep_freed_memory()
    salt = None if salt_file is None else read_salt(salt_file)
    with progress(make_console(stderr=True), "files") as tell:
        summary = run(
            images=images,
            salt=salt,
            on_progress=lambda n, total: tell(n, total, ""),
            **settings,
        )
    for _, reason in summary.broken[:BROKEN_SAID]:
        echo(f"mia-bench: left out: {reason}", err=True)
    if len(summary.broken) > BROKEN_SAID:
        more = len(summary.broken) - BROKEN_SAID
        echo(f"mia-bench: left out: {more} more files, see broken.csv", err=True)
    if summary.passed_over:
        example = summary.passed_over_example
        echo(
            f"mia-bench: passed over {summary.passed_over} files that are no images by their "
            f"names, or links to folders{f', such as {example}' if example else ''}",
            err=True,
        )
    for _, reason in summary.volumes_left_out[:BROKEN_SAID]:
        echo(f"mia-bench: no map of a volume: {reason}", err=True)
    if len(summary.volumes_left_out) > BROKEN_SAID:
        more = len(summary.volumes_left_out) - BROKEN_SAID
        echo(f"mia-bench: no map of {more} more volumes, see score.json", err=True)
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
    if summary.volumes:
        echo(f"Volumes: {summary.out / VOLUMES}")
