"""mia-bench compare: the difference between two methods of a study, or between two studies."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
from rich import box
from rich.table import Table

from mia_bench.cli.echo import echo
from mia_bench.cli.options import FOLDER, JSON
from mia_bench.errors import RunsFailedError, StudyError
from mia_bench.leaderboard import ALPHA
from mia_bench.leaderboard.compare import (
    Differences,
    MethodDifference,
    between_folders,
    between_methods,
)
from mia_bench.leaderboard.csv_file import write_csv
from mia_bench.metric_names import IMAGE_METRICS, PIXEL_METRICS, TITLES
from mia_bench.terminal.console import make_console, print_whole


@click.command()
@click.argument("a")
@click.argument("b")
@click.option(
    "--out",
    type=FOLDER,
    help="Study folder whose methods A and B are compared (default: none; A and B are folders).",
)
@click.option(
    "--metric",
    type=click.Choice([*IMAGE_METRICS, *PIXEL_METRICS]),
    default="auroc",
    help="Metric to compare (default: auroc).",
)
@click.option(
    "--csv",
    "csv_path",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Also write the comparison to this CSV file (default: none).",
)
@JSON
def compare(
    a: str, b: str, out: Path | None, metric: str, csv_path: Path | None, as_json: bool
) -> None:
    """Test the difference between two methods or two studies.

    A and B are the folders of two studies, whose runs are matched by dataset, method and seed. With
    --out they are two methods of one study. The difference A - B is tested on each dataset by a
    paired bootstrap, whose intervals and p-values cover other test images and, where A and B share
    two or more seeds, other seeds.
    """
    differences = _compare(a, b, out, metric)
    pairs = differences.found
    records = [_record(pair) for pair in pairs]
    if csv_path is not None:
        write_csv(csv_path, records)
    if as_json:
        echo(json.dumps(records, indent=1))
    else:
        _print(pairs, a, b, metric)
    if differences.unreadable:
        first = differences.unreadable[0]
        msg = f"{len(differences.unreadable)} runs cannot be read and are left out: {first.note}"
        raise RunsFailedError(msg)


def _print(pairs: list[MethodDifference], a: str, b: str, metric: str) -> None:
    console = make_console()
    print_whole(console, _table(pairs, f"{TITLES[metric]}: {a} - {b}"))
    more, less = (sum(pair.differs and _sign(pair) == s for pair in pairs) for s in (1, -1))
    console.print(
        f"{a} is significantly above {b} in {more} of {len(pairs)}, below in {less} "
        f"(Holm's correction, level {ALPHA:g})"
    )


def _compare(a: str, b: str, out: Path | None, metric: str) -> Differences:
    if out is not None:
        return between_methods(out, a, b, metric=metric)
    for name in (a, b):
        if not Path(name).is_dir():
            msg = (
                f"no folder {name!r}: expected the folders of two studies, "
                "or two methods of one with --out DIR"
            )
            raise StudyError(msg)
    return between_folders(Path(a), Path(b), metric=metric)


def _sign(pair: MethodDifference) -> int:
    return 1 if pair.comparison.difference > 0 else -1


def _record(pair: MethodDifference) -> dict[str, Any]:
    found = pair.comparison
    return {
        "dataset": pair.dataset,
        "method_a": pair.a,
        "method_b": pair.b,
        "seeds": pair.seeds,
        "a": found.estimate_a,
        "b": found.estimate_b,
        "difference": found.difference,
        "low": found.low,
        "high": found.high,
        "sd_over_seeds": pair.deviation,
        "p": found.p_value,
        "p_holm": pair.adjusted,
        "differs": pair.differs,
    }


def _table(pairs: list[MethodDifference], title: str) -> Table:
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD)
    table.add_column("dataset")
    table.add_column("method")
    for name in ("seeds", "A", "B", "A - B", "95 % interval", "sd over seeds", "p", "p (Holm)"):
        table.add_column(name, justify="right")
    for pair in pairs:
        found = pair.comparison
        table.add_row(
            pair.dataset,
            pair.a if pair.a == pair.b else f"{pair.a} - {pair.b}",
            str(pair.seeds),
            f"{found.estimate_a:.3f}",
            f"{found.estimate_b:.3f}",
            f"{found.difference:+.3f}",
            f"{found.low:+.3f} to {found.high:+.3f}",
            "-" if pair.deviation is None else f"{pair.deviation:.3f}",
            f"{found.p_value:.2g}",
            f"{pair.adjusted:.2g}",
            style="bold" if pair.differs else None,
        )
    return table
