"""Pairs of images and masks in a folder, by their names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mia_data.errors import DataError
from mia_data.file_types import without_suffix
from mia_data.list_files import list_images

if TYPE_CHECKING:
    from pathlib import Path

_FOLDERS = ("ground_truth", "masks")


def pair_masks(folder: Path, images: dict[str, list[str]]) -> dict[str, str] | None:
    """Pair abnormal images with their masks; return None if there is no folder of masks.

    Args:
        folder: The dataset's folder.
        images: The images of each class, relative to it.

    Raises:
        DataError: An image has no mask or several, or a mask no image or several.
    """
    present = [name for name in _FOLDERS if (folder / name).is_dir()]
    if not present:
        return None
    if len(present) > 1:
        msg = f"{folder} holds both {' and '.join(present)}; expected one folder of masks"
        raise DataError(msg)
    return {
        file: mask
        for name, files in images.items()
        for file, mask in _pairs(folder, files, f"{present[0]}/{name}").items()
    }


def _pairs(folder: Path, files: list[str], inner: str) -> dict[str, str]:
    """Pair the images of a folder with the masks of another, each with exactly one."""
    found: dict[str, list[str]] = {file: [] for file in files}
    by_name = {_name(file): file for file in files}
    by_stem: dict[str, list[str]] = {}
    for file in files:
        by_stem.setdefault(without_suffix(_name(file)), []).append(file)
    for mask in list_images(folder, inner):
        owners = _owners(mask, by_name, by_stem)
        if len(owners) != 1:
            few = f"belongs to no image of {(folder / files[0]).parent}"
            many = f"may belong to {' or '.join(owners)}; expected {_name(files[0])}_mask.*"
            msg = f"the mask {folder / mask} {many if owners else few}"
            raise DataError(msg)
        found[owners[0]].append(mask)
    for file, masks in found.items():
        if len(masks) != 1:
            which = f" ({', '.join(masks)})" if masks else ""
            msg = f"{folder / file} has {len(masks)} masks in {folder / inner}{which}, expected one"
            raise DataError(msg)
    return {file: masks[0] for file, masks in found.items()}


def _owners(mask: str, by_name: dict[str, str], by_stem: dict[str, list[str]]) -> list[str]:
    """Return the images that a mask may belong to by its name."""
    name = _name(mask)
    stem = without_suffix(name)
    for called in (stem, stem.removesuffix("_mask")):
        if called in by_name:
            return [by_name[called]]
        if called in by_stem:
            owners = by_stem[called]
            return [by_name[name]] if by_name.get(name) in owners else owners
    return []


def _name(file: str) -> str:
    return file.rpartition("/")[2]
