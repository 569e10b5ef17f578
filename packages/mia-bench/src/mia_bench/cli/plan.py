"""mia-bench plan: what a study will do, before it does it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click
from rich import box
from rich.filesize import decimal
from rich.table import Table
from rich.text import Text

from mia_bench.cli.options import DEVICE, JSON, OUT
from mia_bench.cli.study_options import study_options
from mia_bench.device import resolve_device
from mia_bench.run_folder.folder import State
from mia_bench.run_study import check_folder
from mia_bench.study.estimate import UNKNOWN, Estimate, estimate
from mia_bench.study.plan import plan as plan_runs
from mia_bench.study.plan import roots_of
from mia_bench.terminal.console import make_console, print_whole
from mia_bench.tracking import check_trackers

if TYPE_CHECKING:
    from pathlib import Path

    from mia_bench.study.config import Study


@click.command()
@study_options
@OUT
@DEVICE
@JSON
def plan(study: Study, out: Path, device: str, as_json: bool) -> None:
    """Print the runs of a study and what they will take.

    Takes the arguments of `run`; runs that are done are named as such. Times come from finished
    runs of other seeds where there are any, else from training on a few random images, for as many
    as the dataset's folder holds, or should hold where it is not there yet.
    """
    runs = plan_runs(study)
    check_folder(runs, out, roots_of(study))
    check_trackers(study.tracking)
    with make_console(stderr=True).status("") as status:
        found = estimate(
            runs,
            out,
            roots=roots_of(study),
            device=resolve_device(device),
            on_timing=lambda what: status.update(Text(f"timing {what} on random images")),
        )
    left = [each for each in found if each.state is not State.FINISHED]
    unknown = sum(each.source == UNKNOWN for each in left)
    totals = {
        "runs": len(found),
        "left": len(left),
        "seconds": sum(each.seconds for each in left),
        "bytes": sum(each.bytes for each in left),
        "working_bytes": max((each.working_bytes for each in left), default=0),
    }
    if as_json:
        click.echo(json.dumps({**totals, "plan": [_record(each) for each in found]}, indent=1))
        return
    print_whole(make_console(), _table(found))
    click.echo(
        f"{totals['left']} of {totals['runs']} runs are left: about {_duration(totals['seconds'])} "
        f"one after another, {decimal(int(totals['bytes']))} of disk, "
        f"and {decimal(int(totals['working_bytes']))} more for each run under way"
        + (f"; without {unknown} that lack their weights" if unknown else "")
    )


def _record(each: Estimate) -> dict[str, object]:
    return {
        "run": each.run.name,
        "state": each.state.value,
        "seconds": None if each.source == UNKNOWN else each.seconds,
        "bytes": None if each.source == UNKNOWN else each.bytes,
        "working_bytes": each.working_bytes,
        "source": each.source,
        "settings": each.run.settings().to_json(),
    }


def _table(found: list[Estimate]) -> Table:
    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("run")
    table.add_column("state")
    table.add_column("epochs", justify="right")
    table.add_column("time", justify="right")
    table.add_column("disk", justify="right")
    table.add_column("known from")
    for each in found:
        table.add_row(
            each.run.name,
            each.state.value,
            str(each.run.epochs),
            "-" if each.source == UNKNOWN else _duration(each.seconds),
            "-" if each.source == UNKNOWN else decimal(each.bytes),
            each.source,
        )
    return table


def _duration(seconds: float) -> str:
    """``2 d 3 h``, ``3 h 20 min``, ``12 min`` or ``40 s``."""
    minutes = round(seconds / 60)
    if minutes < 2:
        return f"{seconds:.0f} s"
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"
