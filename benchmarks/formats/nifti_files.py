"""NIfTI volumes of every kind, byte order and orientation, against nibabel."""

from __future__ import annotations

import itertools
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import nibabel
import numpy as np
from mia_data import DataError, decode_files
from outcome import Outcome, compare

if TYPE_CHECKING:
    from collections.abc import Iterator

_GROUP = "NIfTI"
_SHAPE = (9, 7, 12)
_KINDS = ("u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f4", "f8", "c8", "rgb")
_RGB = np.dtype([("R", "u1"), ("G", "u1"), ("B", "u1")])


def outcomes() -> Iterator[Outcome]:
    """Read each combination, and each orientation of one of them."""
    for kind, order, version, suffix, scaled in itertools.product(
        _KINDS, "<>", (1, 2), (".nii", ".Nii.GZ"), (False, True)
    ):
        name = f"{kind} {order} NIfTI-{version} {suffix}{' scaled' * scaled}"
        yield _outcome(name, kind, order, version, suffix, np.eye(4), scaled)
    for axes, signs in itertools.product(
        itertools.permutations(range(3)), itertools.product((1, -1), repeat=3)
    ):
        affine = np.eye(4)
        affine[:3, :3] = np.diag(np.array(signs) * (1, 1.5, 2))[list(axes)]
        affine[:3, 3] = (10, -20, 30)
        # A little oblique, as scanners are.
        affine[:3, :3] @= np.array([[1, 0.05, 0], [-0.05, 1, 0.03], [0, -0.03, 1]])
        yield _outcome(f"orientation {axes} {signs}", "i2", "<", 1, ".nii.gz", affine, False)


def _outcome(
    name: str, kind: str, order: str, version: int, suffix: str, affine: np.ndarray, scaled: bool
) -> Outcome:
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder, f"x{suffix.lower()}")
        image = _image(kind, order, version, affine)
        if scaled:
            image.header.set_slope_inter(0.5, -3)
        image.to_filename(plain)
        path = plain.rename(Path(folder, f"v{suffix}"))
        try:
            found = [item.original[0] for item in decode_files(folder, [path.name], size=8)]
        except DataError as error:
            return Outcome(_GROUP, name, refusal=str(error).replace(str(path), path.name))
        path.rename(plain)
        return compare(_GROUP, name, found, _expected(plain))


def _image(kind: str, order: str, version: int, affine: np.ndarray) -> nibabel.Nifti1Image:
    rng = np.random.default_rng(5)
    if kind == "rgb":
        values = rng.integers(0, 256, (*_SHAPE, 3), dtype=np.uint8).view(_RGB)[..., 0]
    elif kind == "c8":
        values = rng.normal(size=_SHAPE).astype(np.complex64)
    else:
        values = rng.integers(0, 100, _SHAPE).astype(kind)
    header = (nibabel.Nifti1Header if version == 1 else nibabel.Nifti2Header)(endianness=order)
    header.set_data_dtype(values.dtype)
    return (nibabel.Nifti1Image if version == 1 else nibabel.Nifti2Image)(values, affine, header)


def _expected(path: Path) -> list[np.ndarray]:
    """Return the middle half of nibabel's axial slices, anterior up and the right on the left."""
    volume = nibabel.as_closest_canonical(nibabel.load(path)).get_fdata()
    low, high = np.percentile(volume, (0.5, 99.5))
    gray = np.clip((volume - low) / (high - low) * 255, 0, 255)
    depth = gray.shape[2]
    numbers = range(depth // 4, int(np.ceil(depth * 0.75)))
    return [gray[::-1, ::-1, number].T for number in numbers]
