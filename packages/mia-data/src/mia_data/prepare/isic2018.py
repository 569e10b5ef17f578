"""ISIC2018: task 3 of the ISIC 2018 challenge, diagnosis of skin lesions.

The folder holds the challenge's own folders: ``ISIC2018_Task3_{Training,Test}_Input/<image>.jpg``
and ``ISIC2018_Task3_{Training,Test}_GroundTruth`` with a table of the columns image, MEL, NV, BCC,
AKIEC, BKL, DF and VASC, of which one is 1 in each row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mia_data.csv_tables import read_rows
from mia_data.dataset_info import count_labels
from mia_data.errors import DataError
from mia_data.files import is_file, read_table_bytes
from mia_data.layouts import isic_csv
from mia_data.prepare.plan import Options, Plan
from mia_data.prepare.refused_options import check_no_split
from mia_data.prepare.source_files import check_missing
from mia_data.prepare.tasks import Copy

if TYPE_CHECKING:
    from pathlib import Path

_DIAGNOSES = ("MEL", "NV", "BCC", "AKIEC", "BKL", "DF", "VASC")


def plan(options: Options) -> Plan:
    """Return the plan of ISIC2018, whose images and tables are copied as they are.

    Images for training that are no nevi are not copied. The split is the challenge's own.

    Raises:
        DataError: A table is missing or not as expected, files are absent, or a split is given.
    """
    check_no_split("isic2018", options)
    source = options.source
    for table in isic_csv.INDEXES:
        _check_diagnoses(source / table)
    train, test = (isic_csv.list_split(source, split) for split in ("train", "test"))
    listed = list(zip(train.files + test.files, train.labels + test.labels, strict=True))
    absent = {name for name, _ in listed if not is_file(source / name)}
    check_missing(sorted(str(source / name) for name in absent), len(listed), options)
    tables = {name: read_table_bytes(source / name) for name in isic_csv.INDEXES}
    if absent:
        tables = {name: _without(table, absent) for name, table in tables.items()}
    counts = count_labels(
        *(
            [
                label
                for name, label in zip(part.files, part.labels, strict=True)
                if name not in absent
            ]
            for part in (train, test)
        )
    )
    tasks = [Copy(source / name, name) for name, _ in listed if name not in absent]
    return Plan(tasks, counts, tables, len(absent))


def _check_diagnoses(path: Path) -> None:
    """Refuse rows that do not have one diagnosis.

    Raises:
        DataError: There is one.
    """
    for row in read_rows(path, ("image", *_DIAGNOSES)):
        values = [row.values[name] for name in _DIAGNOSES]
        try:
            numbers = sorted(map(float, values))
        except ValueError:
            numbers = []
        if numbers != [0.0] * (len(_DIAGNOSES) - 1) + [1.0]:
            msg = (
                f"{path}, line {row.line}: {row.values['image']!r} has {', '.join(values)} for "
                f"{', '.join(_DIAGNOSES)}; expected 1 once and 0 otherwise"
            )
            raise DataError(msg)


def _without(table: bytes, absent: set[str]) -> bytes:
    """Return a table without the rows of some images."""
    names = {name.rpartition("/")[2].removesuffix(".jpg").encode() for name in absent}
    lines = table.splitlines(keepends=True)
    return b"".join(line for line in lines if line.partition(b",")[0].strip(b'"') not in names)
