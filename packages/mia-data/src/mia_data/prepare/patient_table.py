"""Patients of images from a table of the user's."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mia_data.csv_tables import read_rows
from mia_data.errors import DataError
from mia_data.file_types import without_suffix

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from mia_data.prepare.plan import SourceImage

_COLUMNS = ("image", "patient")


def with_table_patients(images: Sequence[SourceImage], path: Path | None) -> Sequence[SourceImage]:
    """Return images with the patients that a CSV table gives them; as they are without a table.

    The table has the columns ``image``, a file's name with or without its suffix, and ``patient``.

    Raises:
        DataError: The table has other columns, two patients for one image, or none for some image.
    """
    if path is None:
        return images
    patients: dict[str, str] = {}
    for row in read_rows(path, _COLUMNS):
        name, patient = without_suffix(row.values["image"]), row.values["patient"]
        if not patient or patients.setdefault(name, patient) != patient:
            known = f", and {patients[name]!r} before" if patient else ""
            msg = (
                f"{path}, line {row.line}: {name!r} has the patient {patient!r}{known}, "
                "expected one patient for each image"
            )
            raise DataError(msg)
    unknown = [i.name for i in images if without_suffix(i.name) not in patients]
    if unknown:
        msg = (
            f"{path} has no patient for {len(unknown)} of {len(images)} images, the first is "
            f"{unknown[0]!r}; expected one for each"
        )
        raise DataError(msg)
    return [replace(image, patient=patients[without_suffix(image.name)]) for image in images]
