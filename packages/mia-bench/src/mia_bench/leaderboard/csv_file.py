"""The leaderboard as flat records: leaderboard.csv and ``--json``."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

from mia_bench.files import CsvLines, write_text
from mia_bench.literal_text import csv_cell

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from mia_bench.leaderboard.leaderboard import Cell, Leaderboard

Record = dict[str, Any]  # column -> JSON value


def make_records(leaderboard: Leaderboard) -> list[Record]:
    """Return one flat record of JSON values for each row, the columns of leaderboard.csv."""
    records = []
    for row in leaderboard.rows:
        record: Record = {"dataset": row.dataset, "method": row.label, "seeds": len(row.runs)}
        for metric, cell in leaderboard.cells[row.key].items():
            average = leaderboard.rankings[metric].average.get(row.label)
            columns = {**_value(cell), "_average_rank": average, **_published(cell)}
            record |= {f"{metric}{name}": value for name, value in columns.items()}
        record |= {
            "fit_seconds": row.fit_seconds,
            "predict_seconds": row.predict_seconds,
            "peak_memory_bytes": row.peak_memory.cpu or None,
            "peak_gpu_memory_bytes": row.peak_memory.cuda,
            "parameters": row.parameters,
        }
        records.append(record)
    return records


def write_csv(path: Path, records: Sequence[Record]) -> None:
    """Write records as a CSV file, whose texts no spreadsheet takes for formulas."""
    buffer = io.StringIO()
    writer = csv.DictWriter(CsvLines(buffer), list(records[0]), lineterminator=CsvLines.END)
    writer.writeheader()
    writer.writerows(
        {name: csv_cell(value) for name, value in record.items()} for record in records
    )
    write_text(path, buffer.getvalue())


def _value(cell: Cell) -> Record:
    """Return the columns of a value, its interval, test and rank, by the ends of their names."""
    columns: Record = {"": cell.mean, "_sd": cell.deviation}
    columns |= dict.fromkeys(("_low", "_high", "_mark", "_below_best", "_p", "_p_holm"))
    if cell.comparison is not None:
        found = cell.comparison.found
        columns |= {"_low": found.low, "_high": found.high, "_mark": cell.mark}
        if cell.comparison.rivals:
            columns["_below_best"] = found.difference
        if cell.mark in ("alike", "worse"):
            columns |= {"_p": found.p_value, "_p_holm": found.adjusted}
    return {**columns, "_rank": cell.rank}


def _published(cell: Cell) -> Record:
    """Return the columns of the published figure, by the ends of their names."""
    names = ("_published", "_difference", "_caveats", "_source")
    if cell.published is None:
        return dict.fromkeys(names)
    figure = cell.published.figure
    caveats = "; ".join(cell.published.caveats)
    values = (figure.value, cell.published.difference, caveats, figure.source)
    return dict(zip(names, values, strict=True))
