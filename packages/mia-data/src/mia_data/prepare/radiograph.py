"""Chest radiographs from DICOM files, by the rule of the study's authors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from mia_data.decode.dicom_file import open_dicom
from mia_data.decode.errors_name import errors_name
from mia_data.decode.jpeg import check_jpeg
from mia_data.errors import DataError
from mia_data.prepare.tasks import Render

if TYPE_CHECKING:
    from pathlib import Path

    from mia_data.prepare.plan import SourceImage

SIDE = 512
# Raise the number whenever the same file would give other pixels.
_RULE = "radiograph 1"
_GRAY = ("MONOCHROME1", "MONOCHROME2")


def radiograph_task(image: SourceImage, target: str) -> Render:
    """Return the step that makes a PNG file of a radiograph."""

    def make() -> dict[str, Image.Image]:
        return {target: read_radiograph(image.path)}

    return Render(_RULE, (image.path,), (target,), make)


def read_radiograph(path: Path) -> Image.Image:
    """Read a radiograph as a gray image of 512 x 512 pixels.

    Stored values are taken as they are; where low means white (MONOCHROME1) they are subtracted
    from the largest one. Those of more than 8 bits are mapped linearly, the least to 0 and the
    largest to 255, and cut to whole numbers. The image is resized with Pillow's bilinear filter,
    whatever its shape.

    Raises:
        DataError: The file cannot be read, or holds color, several frames, or one value alone.
    """
    with errors_name(path):
        file = open_dicom(path)
        kind = str(file.dataset.get("PhotometricInterpretation", ""))
        if kind not in _GRAY or file.frames != 1:
            msg = (
                f"{path} holds {file.frames} frame(s) of {kind or 'no kind'}, expected one of "
                f"{' or '.join(_GRAY)}"
            )
            raise DataError(msg)
        if file.is_baseline_jpeg:
            check_jpeg(file.encoded(0))
        pixels = file.pixels(0)
        is_byte = pixels.dtype == np.uint8
        # Whole numbers of a few bits would overflow.
        values = pixels.astype(np.float64)
        low, high = float(values.min()), float(values.max())
        if not low < high:
            msg = f"{path} has the value {low:g} in all pixels, expected an image"
            raise DataError(msg)
        if kind == "MONOCHROME1":
            values = high - values
            low, high = 0.0, high - low
        if not is_byte:
            values = (values - low) / (high - low) * 255
        gray = Image.fromarray(values.astype(np.uint8))
        return gray.resize((SIDE, SIDE), Image.Resampling.BILINEAR)
