"""mia-bench list: what there is to run."""

from __future__ import annotations

import json

import click
import mia_data
from rich import box
from rich.table import Table

from mia_bench.cli.options import JSON
from mia_bench.detectors import plugins
from mia_bench.terminal.console import make_console, print_whole


@click.command(name="list")
@click.argument("what", type=click.Choice(["datasets", "methods"]))
@JSON
def list_(what: str, as_json: bool) -> None:
    """List the datasets or the methods that can be run."""
    records = _datasets() if what == "datasets" else _methods()
    if as_json:
        click.echo(json.dumps(records, indent=1))
        return
    table = Table(*records[0], box=box.SIMPLE_HEAD)
    for record in records:
        table.add_row(*("-" if value is None else str(value) for value in record.values()))
    print_whole(make_console(), table)


def _datasets() -> list[dict[str, object]]:
    infos = [mia_data.info(name) for name in mia_data.names()]
    return [
        {"name": i.name, "modality": i.modality, "masks": "yes" if i.has_masks else "no"}
        for i in infos
    ]


def _methods() -> list[dict[str, object]]:
    infos = [method.info for method in plugins.methods().values()]
    return [
        {
            "name": info.name,
            "family": info.family,
            "map": "yes" if info.has_map else "no",
            "size": info.image_size,
            "epochs": info.epochs,
            "what it is": info.summary,
        }
        for info in infos
    ]
