"""RSNA: the training images of the RSNA Pneumonia Detection Challenge, stage 2.

The folder holds ``stage_2_train_images/<patientId>.dcm``, ``stage_2_detailed_class_info.csv`` with
the columns patientId and class, and ``stage_2_train_labels.csv`` with patientId, x, y, width,
height and Target. A patient has a row for each box; the file's name is the patient's id.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mia_data.csv_tables import read_rows
from mia_data.errors import DataError
from mia_data.file_list import ABNORMAL, NORMAL
from mia_data.prepare.json_set import plan_json_set
from mia_data.prepare.plan import Options, Plan, SourceImage
from mia_data.prepare.radiograph import radiograph_task
from mia_data.prepare.source_files import check_ids

if TYPE_CHECKING:
    from pathlib import Path

_IMAGES = "stage_2_train_images"
_CLASSES = "stage_2_detailed_class_info.csv"
_TARGETS = "stage_2_train_labels.csv"
_OPACITY = "Lung Opacity"
# Films that are neither normal nor show an opacity belong to neither class of the study.
_LABELS = {"Normal": NORMAL, _OPACITY: ABNORMAL, "No Lung Opacity / Not Normal": None}


def plan(options: Options) -> Plan:
    """Return the plan of RSNA: normal films, and films with an opacity of the lung as abnormal.

    Raises:
        DataError: The tables are missing or contradict each other, files are absent, or no split
            can be made.
    """
    classes = _read(options.source / _CLASSES, ("patientId", "class"), set(_LABELS))
    targets = _read(
        options.source / _TARGETS, ("patientId", "x", "y", "width", "height", "Target"), {"0", "1"}
    )
    for patient in sorted(set(classes) | set(targets)):
        kind, target = classes.get(patient), targets.get(patient)
        if kind is None or target is None or (kind == _OPACITY) != (target == "1"):
            msg = (
                f"{options.source / _CLASSES} gives {patient!r} the class {kind!r} and {_TARGETS} "
                f"the Target {target!r}, expected Target 1 with {_OPACITY!r} and 0 with the others"
            )
            raise DataError(msg)
    images = [
        SourceImage(f"{patient}.png", label, patient, options.source / _IMAGES / f"{patient}.dcm")
        for patient, kind in classes.items()
        if (label := _LABELS[kind]) is not None
    ]
    return plan_json_set(images, options, radiograph_task)


def _read(path: Path, columns: tuple[str, ...], allowed: set[str]) -> dict[str, str]:
    """Return the value in the last column for each patient.

    Raises:
        DataError: A value is not allowed, or a patient has two of them.
    """
    found: dict[str, str] = {}
    for row in read_rows(path, columns):
        patient, value = row.values[columns[0]], row.values[columns[-1]]
        if value not in allowed:
            msg = (
                f"{path}, line {row.line}: {columns[-1]} is {value!r}, "
                f"expected {' or '.join(map(repr, sorted(allowed)))}"
            )
            raise DataError(msg)
        if found.setdefault(patient, value) != value:
            msg = (
                f"{path}, line {row.line}: {patient!r} has the {columns[-1]} {value!r}, and "
                f"{found[patient]!r} before; expected one for each patient"
            )
            raise DataError(msg)
    check_ids(path, list(found))
    return found
