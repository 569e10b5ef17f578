"""Contact sheets: images of a split in a grid, with outlined lesions."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw

from mia_data.arguments import check_count
from mia_data.errors import DataError, reason
from mia_data.limits import max_pixels

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mia_data.imageset import ImageSet

_OUTLINE = (255, 64, 64)
_TITLE_HEIGHT = 18
_GAP = 2


def contact_sheet(
    ds: ImageSet, *, columns: int = 8, rows: int = 4, tile: int = 128, seed: int = 0
) -> Image.Image:
    """Draw some images of a split as a grid, with the masks' outlines in red.

    Half of the rows show abnormal images where there are any. Which images are shown depends on
    the seed only; they keep their order.

    Raises:
        DataError: An argument is not a whole number above 0 (the seed: 0 or above), or the sheet
            has more than ``max_pixels()``.
    """
    columns, rows, tile = (
        check_count(name, value)
        for name, value in (("columns", columns), ("rows", rows), ("tile", tile))
    )
    seed = check_count("seed", seed, least=0)
    chosen = _choose(ds, columns * rows, np.random.default_rng(seed))
    rows = -(-len(chosen) // columns)
    step = tile + _GAP
    width, height = columns * step - _GAP, _TITLE_HEIGHT + rows * step - _GAP
    if width * height > max_pixels():
        msg = f"expected a sheet of at most {max_pixels()} pixels, got {width} x {height}"
        raise DataError(msg)
    sheet = Image.new("RGB", (width, height), "white")
    ImageDraw.Draw(sheet).text((4, 3), repr(ds), fill="black")
    for place, i in enumerate(chosen):
        left, top = place % columns * step, _TITLE_HEIGHT + place // columns * step
        sheet.paste(_tile(ds, int(i), tile), (left, top))
    return sheet


def save_contact_sheet(ds: ImageSet, path: str | Path, **options: int) -> Path:
    """Write a contact sheet as PNG; the options are those of ``contact_sheet``.

    Raises:
        DataError: The file cannot be written.
    """
    path = Path(path)
    sheet = contact_sheet(ds, **options)
    temporary = path.with_name(f".{path.name}-{uuid.uuid4().hex}")
    try:
        sheet.save(temporary, format="PNG")
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        msg = f"cannot write {path}: {error.strerror or reason(error)}"
        raise DataError(msg) from error
    return path


def _choose(ds: ImageSet, count: int, rng: np.random.Generator) -> NDArray[np.intp]:
    abnormal, other = np.flatnonzero(ds.labels == 1), np.flatnonzero(ds.labels != 1)
    n_abnormal = min(len(abnormal), max(count // 2, count - len(other)))
    n_other = min(len(other), count - n_abnormal)
    picked = [
        rng.choice(group, n, replace=False)
        for group, n in ((other, n_other), (abnormal, n_abnormal))
    ]
    return np.sort(np.concatenate(picked))


def _tile(ds: ImageSet, i: int, size: int) -> Image.Image:
    pixels = ds.images[i]
    rgb = np.broadcast_to(pixels, (3, *pixels.shape[1:])).transpose(1, 2, 0)
    image = Image.fromarray(np.ascontiguousarray(rgb)).resize(
        (size, size), Image.Resampling.BICUBIC
    )
    if ds.masks is None or not ds.masks[i].any():
        return image
    mask = Image.fromarray(ds.masks[i] * np.uint8(255)).resize(image.size, Image.Resampling.NEAREST)
    inside = np.asarray(mask) > 0
    padded = np.pad(inside, 1)
    # A pixel of the mask is on the outline where one of its four neighbors is outside.
    core = padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
    result = np.array(image)
    result[inside & ~core] = _OUTLINE
    return Image.fromarray(result)
