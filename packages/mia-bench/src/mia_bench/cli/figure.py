"""mia-bench figure: methods down, datasets across, drawn for a paper."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mia_bench.cli.echo import echo
from mia_bench.cli.options import DEVICE, FOLDER, JSON, CommaSeparated
from mia_bench.errors import StudyError
from mia_bench.leaderboard.rows import make_rows
from mia_bench.report.figure_content import SCALES, FigureContent, choose_content
from mia_bench.report.paper_figure import FORMATS, WIDTH, draw_figure
from mia_bench.report.samples import RowSamples, how_to_add, read_samples
from mia_bench.run_folder.status import read_runs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mia_bench.leaderboard.rows import Row

FILE = "figure.pdf"


@click.command()
@click.argument("folder", type=FOLDER, metavar="DIR")
@click.option(
    "--images",
    type=CommaSeparated(),
    metavar="N|IDS",
    default="1",
    help="Number of images of each dataset, abnormal and normal ones in turn, or the ids of kept "
    "images (default: 1).",
)
@click.option(
    "--methods",
    type=CommaSeparated(),
    help="Methods of DIR, from the top (default: all with maps or reconstructions, the best "
    "average rank first).",
)
@click.option(
    "--datasets", type=CommaSeparated(), help="Datasets of DIR, from the left (default: all)."
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help=f"File to write; its suffix is the format: {', '.join(FORMATS)} (default: DIR/{FILE}).",
)
@click.option(
    "--scale",
    type=click.Choice(SCALES),
    default="method",
    help="What shares a color scale: all maps of a method, or those of one run, a method on a "
    "dataset (default: method).",
)
@click.option(
    "--width",
    type=click.FloatRange(2, 40),
    default=WIDTH,
    help=f"Width in inches, at which letters have 8 points (default: {WIDTH}).",
)
@click.option(
    "--add-missing",
    is_flag=True,
    help="First make the images of runs of older versions, which kept none, from their models and "
    "datasets.",
)
@click.option(
    "--root",
    type=FOLDER,
    help="Folder that contains the datasets' folders, for --add-missing (default: where the runs "
    "read them).",
)
@DEVICE
@JSON
def figure(
    folder: Path,
    images: list[str],
    methods: list[str] | None,
    datasets: list[str] | None,
    out: Path | None,
    scale: str,
    width: float,
    add_missing: bool,
    root: Path | None,
    device: str,
    as_json: bool,
) -> None:
    """Draw reconstructions and maps of all methods side by side.

    For a paper: methods down, datasets across. On top each image and its mask, below them what
    every method makes of it: its reconstruction, where it gives one, and its anomaly map. Every run
    keeps the same few test images of a dataset, which were drawn without a look at any score. The
    first seed stands for a method.
    """
    path = folder / FILE if out is None else out
    if not math.isfinite(width):
        msg = f"expected --width to be a finite number, got {width}"
        raise StudyError(msg)
    if path.suffix.lower().removeprefix(".") not in FORMATS:
        expected = ", ".join(f".{name}" for name in FORMATS)
        msg = f"expected --out to end in one of {expected}, got {str(path)!r}"
        raise StudyError(msg)
    rows = make_rows(read_runs(folder))
    if not rows:
        msg = f"no finished run in {folder}"
        raise StudyError(msg)
    samples = _read(rows, folder, add_missing=add_missing, root=root, device=device)
    content = choose_content(
        rows,
        samples.readable,
        images=_count_or_ids(images),
        methods=methods,
        datasets=datasets,
        scale=scale,
    )
    draw_figure(path, content, width=width)
    if as_json:
        echo(json.dumps(_answer(path, content, samples), indent=1))
        return
    for dataset, ids in content.images.items():
        echo(f"{dataset}: {', '.join(ids)}")
    echo(f"Figure: {path}")


def _read(
    rows: Sequence[Row], folder: Path, *, add_missing: bool, root: Path | None, device: str
) -> RowSamples:
    """Read what the runs have kept, after adding what is missing where that is asked for."""
    samples = read_samples(rows)
    if samples.missing and add_missing:
        from mia_bench.device import resolve_device
        from mia_bench.execution.add_samples import add_samples

        place, where = resolve_device(device), None if root is None else str(root)
        for row in rows:
            if not row.runs[0].folder.samples.exists():
                add_samples(row.runs[0], root=where, device=place)
        samples = read_samples(rows)
    for name, damage in samples.damaged.items():
        echo(f"mia-bench: left out: {name}: {damage}", err=True)
    if samples.missing:
        msg = (
            f"{len(samples.missing)} runs ({samples.missing[0]}, ...) are of an older version, "
            f"which kept no images for figures: {how_to_add(folder)}"
        )
        if not samples.readable:
            raise StudyError(msg)
        echo(f"mia-bench: left out: {msg}", err=True)
    if not samples.readable:
        msg = f"no run in {folder} has images for figures that can be read"
        raise StudyError(msg)
    return samples


def _count_or_ids(items: list[str]) -> int | list[str]:
    """Return the number that stands alone, or the identifiers."""
    if len(items) == 1 and items[0].lstrip("-").isdecimal():
        return int(items[0])
    return items


def _answer(path: Path, content: FigureContent, samples: RowSamples) -> dict[str, Any]:
    return {
        "figure": str(path),
        "methods": list(content.methods),
        "images": {name: list(ids) for name, ids in content.images.items()},
        "missing": list(samples.missing),
        "unreadable": dict(samples.damaged),
    }
