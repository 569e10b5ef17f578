"""Axial slices of a brain and masks of its tumor, as PNG files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from mia_data.decode import nifti
from mia_data.decode.errors_name import errors_name
from mia_data.decode.intensity import to_uint8
from mia_data.decode.nifti_file import read_header
from mia_data.errors import DataError
from mia_data.prepare.tasks import Render

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

SHAPE = (155, 240, 240)
"""Slices, height and width of the challenge's volumes, whose voxels are 1 mm wide."""

SLICES = range(42, 112, 4)
"""The candidate slices, from 0 at the feet: every fourth of the 70 in the middle of a volume."""

SIDE = 208
"""Height and width of the square that is cut from the middle of a slice."""

# The share of the brain's voxels, in percent, that are darker than white.
_WHITE = 99.5
# Raise the number whenever the same files would give other pixels.
_RULE = "brain slices 1"


def has_tumor(flair: Path, segmentation: Path) -> list[bool]:
    """Tell for each candidate slice whether a pixel of its square is segmented.

    Raises:
        DataError: The segmentation cannot be read, or does not lie on the image.
    """
    masks = _read_masks(flair, segmentation)
    return [bool(masks[number].any()) for number in SLICES]


def render_slices(
    flair: Path, segmentation: Path, slices: Sequence[tuple[str, int, int]]
) -> Render:
    """Return the step that makes slices of one patient, and the masks of those with a tumor.

    Args:
        flair: The volume.
        segmentation: Its tumor: any voxel above zero.
        slices: Path in the dataset, number and label (0 or 1) of each slice.
    """
    masks = {name: mask_name(name) for name, _, label in slices if label}

    def make() -> dict[str, Image.Image]:
        marked = _read_masks(flair, segmentation)
        with errors_name(flair):
            values = _square(nifti.read_values_by_slice(flair), flair)
            if not np.isfinite(values).all():
                msg = "it holds NaN or infinite values"
                raise ValueError(msg)
            brain = values[values > 0]
            window = (0.0, float(np.percentile(brain, _WHITE)) if brain.size else 0.0)
        images = {}
        for name, number, label in slices:
            _check_slice(flair, number, label, values, marked)
            images[name] = Image.fromarray(to_uint8(values[number], window))
            if label:
                images[masks[name]] = Image.fromarray(np.ascontiguousarray(marked[number]))
        return images

    targets = (*(name for name, _, _ in slices), *masks.values())
    return Render(_RULE, (flair, segmentation), targets, make)


def mask_name(tumor: str) -> str:
    """Return the path of a tumor slice's mask: ``test/annotation``, ``flair`` is ``seg``."""
    return f"test/annotation/{tumor.rpartition('/')[2].replace('flair', 'seg')}"


def _check_slice(
    flair: Path, number: int, label: int, values: NDArray[Any], marked: NDArray[np.uint8]
) -> None:
    """Refuse a slice that is not there, shows nothing, or is not of its class.

    Raises:
        DataError: It is one of these.
    """
    if number >= len(values):
        msg = f"{flair} has {len(values)} slices, expected one with the number {number}"
        raise DataError(msg)
    if not (values[number] > 0).any():
        msg = f"{flair} is 0 in all of slice {number}, expected a brain"
        raise DataError(msg)
    if bool(marked[number].any()) != bool(label):
        found = "shows a tumor" if not label else "shows no tumor"
        msg = f"slice {number} of {flair} {found} by its segmentation, expected the opposite"
        raise DataError(msg)


def _read_masks(flair: Path, segmentation: Path) -> NDArray[np.uint8]:
    with errors_name(flair):
        read_header(flair)
    with errors_name(segmentation):
        return _square(nifti.read_volume_mask(segmentation, flair).slices, segmentation)


def _square(slices: NDArray[Any], path: Path) -> NDArray[Any]:
    """Return the squares in the middle of all slices.

    Raises:
        DataError: The volume has another shape than the challenge's.
    """
    if slices.shape != SHAPE:
        msg = (
            f"{path} has {slices.shape[0]} slices of {slices.shape[2]} x {slices.shape[1]}, "
            f"expected {SHAPE[0]} of {SHAPE[2]} x {SHAPE[1]}"
        )
        raise DataError(msg)
    top, left = ((side - SIDE) // 2 for side in SHAPE[1:])
    return slices[:, top : top + SIDE, left : left + SIDE]
