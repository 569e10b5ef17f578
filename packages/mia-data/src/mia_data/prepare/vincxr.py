"""VinCXR: the training images of VinDr-CXR.

The folder is that of the challenge of VinBigData, with ``train.csv``, or that of PhysioNet, with
``annotations/annotations_train.csv``; both have ``train/<image_id>.dicom``. The table has the
columns image_id, class_name and rad_id among others, and a row for each finding of each of three
radiologists.
"""

from __future__ import annotations

from mia_data.csv_tables import read_rows
from mia_data.errors import DataError
from mia_data.file_list import ABNORMAL, NORMAL
from mia_data.prepare.json_set import plan_json_set
from mia_data.prepare.plan import Options, Plan, SourceImage
from mia_data.prepare.radiograph import radiograph_task
from mia_data.prepare.source_files import check_ids, find_table

_TABLES = ("train.csv", "annotations/annotations_train.csv")
_NO_FINDING = "No finding"


def plan(options: Options) -> Plan:
    """Return the plan of VinCXR.

    A film is normal if all of its rows say that there is no finding, and abnormal if any names one.

    Raises:
        DataError: The table is missing, files are absent, or no split can be made.
    """
    table = find_table(options.source, _TABLES)
    labels: dict[str, int] = {}
    for row in read_rows(table, ("image_id", "class_name", "rad_id")):
        image, finding = row.values["image_id"], row.values["class_name"]
        if not finding:
            msg = f"{table}, line {row.line}: class_name is empty, expected a finding or none"
            raise DataError(msg)
        label = NORMAL if finding == _NO_FINDING else ABNORMAL
        labels[image] = max(labels.get(image, NORMAL), label)
    check_ids(table, list(labels))
    images = [
        SourceImage(f"{name}.png", label, name, options.source / "train" / f"{name}.dicom")
        for name, label in labels.items()
    ]
    return plan_json_set(images, options, radiograph_task)
