"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click


class CommaSeparated(click.ParamType):
    """A list given as ``a,b,c``."""

    def __init__(self, kind: type = str) -> None:
        self.kind = kind
        self.name = "0,1,..." if kind is int else "a,b,..."

    def convert(self, value: Any, param: Any, ctx: Any) -> list[Any]:
        """Split and convert; an empty list or item is refused."""
        if isinstance(value, list):
            return value
        try:
            items = [self.kind(item.strip()) for item in value.split(",")]
        except ValueError:
            self.fail(f"expected whole numbers separated by commas, got {value!r}", param, ctx)
        if not all(str(item) for item in items):
            self.fail(f"expected names separated by commas, got {value!r}", param, ctx)
        return items


FOLDER = click.Path(file_okay=False, path_type=Path)
JSON = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON to stdout.")
OUT = click.option(
    "--out", type=FOLDER, default="mia-results", help="Output folder (default: mia-results)."
)
ROOT = click.option(
    "--root",
    type=FOLDER,
    help="Folder that contains the datasets' folders "
    "(default: MIA_DATA_ROOT, or ~/MedIAnomaly-Data).",
)
ALLOW_DAMAGED = click.option(
    "--allow-damaged",
    is_flag=True,
    help="Read JPEG files that end early, gray where pixels are missing, and PNG files with wrong "
    "checksums.",
)
ALLOW_EMPTY_MASKS = click.option(
    "--allow-empty-masks",
    is_flag=True,
    help="Read abnormal images whose mask marks nothing.",
)
ALLOW_SHARED_FILES = click.option(
    "--allow-shared-files",
    is_flag=True,
    help="Read images that are in the training and in the test split.",
)
RESAMPLE_MASKS = click.option(
    "--resample-masks",
    is_flag=True,
    help="Bring NIfTI masks with other voxels than their volume onto it.",
)
PATIENTS = click.option(
    "--patients",
    metavar="REGEX",
    help="Regular expression that finds the patient in an image's path: its group `patient`, its "
    "first group or all of it; a patient in both splits is refused (default: not known).",
)
ALLOW_SHARED_PATIENTS = click.option(
    "--allow-shared-patients",
    is_flag=True,
    help="Read patients and DICOM series that are in both splits.",
)
BRIGHTNESS = click.option(
    "--brightness",
    type=click.Choice(["percentiles", "equalize"]),
    help="How the brightness of each image is scaled by its foreground: two percentiles brought to "
    "10 and 90 % of white, or a flat histogram (default: as it is).",
)
DEVICE = click.option(
    "--device",
    default="auto",
    help="Device to compute on: auto, cpu, cuda, cuda:N or mps (default: auto).",
)
