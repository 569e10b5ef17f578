"""mia-bench plan: the runs of a study and what they will take."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click
from rich import box
from rich.filesize import decimal
from rich.table import Table
from rich.text import Text

from mia_bench.cli.echo import echo
from mia_bench.cli.options import DEVICE, JSON, OUT
from mia_bench.cli.study_options import study_options
from mia_bench.device import parse_device
from mia_bench.run_folder.folder import RunFolder, State
from mia_bench.study.estimate import UNKNOWN, Estimate, estimate
from mia_bench.study.paper_settings import original_options
from mia_bench.study.plan import check_options, list_runs
from mia_bench.study_runner import check_folder
from mia_bench.terminal.console import make_console, print_whole
from mia_bench.tracking import check_trackers

if TYPE_CHECKING:
    from pathlib import Path

    from mia_bench.study.plan import Run
    from mia_bench.study.study import Study


@click.command()
@study_options
@OUT
@DEVICE
@JSON
def plan(study: Study, out: Path, device: str, as_json: bool) -> None:
    """List the runs of a study and the time and disk they will take.

    STUDY is a TOML file (default: a short study on a built-in dataset). Takes the study options of
    `run` and marks the runs that are finished. Times come from finished runs with other seeds, or
    from a short training on random images, for as many images as the dataset has.
    """
    parse_device(device)
    runs = list_runs(study)
    check_folder(runs, out)
    check_options([run for run in runs if not RunFolder(out / run.name).result.exists()])
    check_trackers(study.tracking)
    with make_console(stderr=True).status("") as status:
        found = estimate(
            runs,
            out,
            device=device,
            on_timing=lambda what: status.update(Text(f"timing {what} on random images")),
        )
    original = _set_options(runs) if study.as_original else {}
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
        plan = [_record(each) for each in found]
        echo(json.dumps({**totals, "as_original": original, "plan": plan}, indent=1))
        return
    print_whole(make_console(), _table(found))
    if study.as_original:
        echo(f"As the original's code: {_options_in_words(original)}")
    echo(
        f"{totals['left']} of {totals['runs']} runs are left: about {_duration(totals['seconds'])} "
        f"one after another, {decimal(int(totals['bytes']))} of disk, "
        f"and {decimal(int(totals['working_bytes']))} more for each run under way"
        + (f"; without {unknown} that lack their weights" if unknown else "")
    )


def _set_options(runs: list[Run]) -> dict[str, dict[str, Any]]:
    """Return the options that ``--as-original`` has set, by ``dataset/label``."""
    found = {}
    for run in runs:
        original = original_options(run.method)
        ours = {key: value for key, value in original.items() if run.options.get(key) == value}
        if ours:
            found[run.name.rpartition("/")[0]] = ours
    return found


def _options_in_words(original: dict[str, dict[str, Any]]) -> str:
    """``sample_at_test = True (phantom/vae)``; options that are alike are named once."""
    owners: dict[str, list[str]] = {}
    for name, options in original.items():
        for key, value in options.items():
            owners.setdefault(f"{key} = {value}", []).append(name)
    return "; ".join(f"{option} ({', '.join(names)})" for option, names in owners.items()) or "none"


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
