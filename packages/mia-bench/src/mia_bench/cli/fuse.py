"""mia-bench fuse: an ensemble of finished methods as one more row of the leaderboard."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click
from mia_metrics.fusion import COMBINE

from mia_bench.cli.echo import echo
from mia_bench.cli.options import DEVICE, FOLDER, JSON, CommaSeparated
from mia_bench.device import resolve_device
from mia_bench.ensembles.fuse import fuse as fuse_runs
from mia_bench.ensembles.model import SCALES, Ensemble
from mia_bench.report.write import write_report
from mia_bench.terminal.console import make_console
from mia_bench.terminal.leaderboard import print_leaderboard

if TYPE_CHECKING:
    from pathlib import Path


@click.command()
@click.argument("folder", type=FOLDER, metavar="DIR")
@click.option(
    "--methods", type=CommaSeparated(), required=True, help="Finished methods of DIR to combine."
)
@click.option(
    "--scale",
    type=click.Choice(SCALES),
    default="rank",
    help="How scores become comparable: by their rank in the test set, as quantiles of the "
    "training images' scores (quantile), as quantiles of scores that models gave to training "
    "images which they had not seen (held-out; five more trainings of each run, once), or not at "
    "all (default: rank).",
)
@click.option(
    "--combine",
    type=click.Choice(list(COMBINE)),
    default="mean",
    help="How the methods' scores of an image are combined (default: mean).",
)
@click.option(
    "--name", help="Name of the ensemble (default: the methods' names with + between them)."
)
@click.option(
    "--root",
    type=FOLDER,
    help="Folder that contains the datasets' folders (default: where the runs read them).",
)
@DEVICE
@JSON
def fuse(
    folder: Path,
    methods: list[str],
    scale: str,
    combine: str,
    name: str | None,
    root: Path | None,
    device: str,
    as_json: bool,
) -> None:
    """Combine finished methods of a study into an ensemble.

    Every dataset and seed that all of the methods have finished becomes a run of the ensemble, in
    the leaderboard and on the page. The others are named and left out.
    """
    ensemble = Ensemble(members=tuple(methods), scale=scale, combine=combine, name=name)
    where = None if root is None else str(root)
    outcome = fuse_runs(folder, ensemble, root=where, device=resolve_device(device))
    for run, why in outcome.left_out:
        echo(f"mia-bench: left out: {run}: {why}", err=True)
    found = write_report(folder)
    if as_json:
        answer = {
            "fused": outcome.done,
            "left_out": dict(outcome.left_out),
            "leaderboard": found.records,
            "page": str(found.page),
            "table": str(found.table),
        }
        echo(json.dumps(answer, indent=1))
    else:
        print_leaderboard(make_console(), found.leaderboard)
        echo(f"Page: {found.page}\nTable: {found.table}")
    found.check_readable()
