"""mia-bench list: the available datasets or methods."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click
from rich import box
from rich.table import Table

from mia_bench.cli.echo import echo
from mia_bench.cli.options import JSON
from mia_bench.leaderboard.rows import format_count
from mia_bench.terminal.console import make_console, print_whole

if TYPE_CHECKING:
    from mia_bench.detectors.pretrained_weights import PretrainedWeights

HERE, MISSING = "here", "missing"
HINT = (
    "Missing weights are downloaded when the method first needs them. Without a network connection "
    "give weights=PATH or, where the method takes it, backbone=efficientnet-lite0, which mia-bench "
    "installs."
)
_RIGHT = ("size", "epochs", "parameters", "operations")  # columns of numbers


@click.command(name="list")
@click.argument("what", type=click.Choice(["datasets", "methods"]))
@JSON
def list_(what: str, as_json: bool) -> None:
    """List the available datasets or methods.

    Of a method: its family, whether it gives anomaly maps, the side of its images in pixels, its
    training epochs, its learned parameters, the multiply-accumulate operations to score one image,
    and, if it needs pretrained weights, whether those of its defaults are on this machine.
    """
    records = _datasets() if what == "datasets" else _methods()
    if as_json:
        echo(json.dumps(records, indent=1))
        return
    table = Table(box=box.SIMPLE_HEAD)
    for name in records[0]:
        table.add_column(name, justify="right" if name in _RIGHT else "left")
    for record in records:
        table.add_row(*(_cell(name, value) for name, value in record.items()))
    console = make_console()
    print_whole(console, table)
    if any(record.get("weights") == MISSING for record in records):
        console.print(HINT)


def _datasets() -> list[dict[str, Any]]:
    import mia_data

    infos = [mia_data.info(name) for name in mia_data.names()]
    return [
        {"name": i.name, "modality": i.modality, "masks": "yes" if i.has_masks else "no"}
        for i in infos
    ]


def _methods() -> list[dict[str, Any]]:
    from mia_bench.detectors import plugins
    from mia_bench.detectors.optional import cost_of
    from mia_bench.detectors.pretrained_weights import weights_of

    infos = [method.info for method in plugins.methods().values()]
    costs = [cost_of(info) for info in infos]
    return [
        {
            "name": info.name,
            "family": info.family,
            "map": "yes" if info.has_map else "no",
            "size": info.image_size,
            "epochs": info.epochs,
            "parameters": cost and cost.parameters,
            "operations": cost and cost.macs,
            "weights": _state(weights_of(info)),
            "what it is": info.summary,
        }
        for info, cost in zip(infos, costs, strict=True)
    ]


def _state(weights: PretrainedWeights | None) -> str | None:
    """Return whether weights are on this machine, None where none are needed."""
    if weights is None:
        return None
    return HERE if weights.are_here else MISSING


def _cell(name: str, value: Any) -> str:
    if value is None:
        return "-"
    return format_count(value) if name in ("parameters", "operations") else str(value)
