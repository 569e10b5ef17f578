"""Loading a dataset by its name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mia_data.arguments import SPLITS, check_split
from mia_data.dataset_folder import dataset_folder
from mia_data.dataset_info import Counts, count_labels
from mia_data.decode.request import make_request
from mia_data.errors import DataError
from mia_data.load_files import load_files
from mia_data.phantoms import phantom
from mia_data.plugins import PluggedIn, load_plugged_in
from mia_data.registry import find

if TYPE_CHECKING:
    from pathlib import Path

    from mia_data.imageset import ImageSet


def load(
    name: str,
    split: str,
    *,
    root: str | Path | None = None,
    size: int = 64,
    channels: int | None = None,
    resize: str = "squash",
    resample: str = "bilinear",
    brightness: str | None = None,
    allow_damaged: bool = False,
    cache_dir: str | Path | None = None,
) -> ImageSet:
    """Load one split of a dataset as uint8 arrays.

    The first load decodes the files; later ones map the result of the first from the cache folder.

    Args:
        name: One of ``names()`` or an alias.
        split: ``"train"`` (normal images only) or ``"test"``.
        root: The folder that holds the datasets' folders (default: ``MIA_DATA_ROOT`` or
            ``~/MedIAnomaly-Data``). Not needed for ``phantom``.
        size: Height and width of the images.
        channels: 1 (gray) or 3 (RGB); by default the study's choice for this dataset.
        resize: ``"squash"`` changes the aspect ratio; ``"short_side"`` scales the short side to
            ``size`` and crops the center.
        resample: Pillow's filter for the resizing: ``"nearest"``, ``"box"``, ``"bilinear"``,
            ``"hamming"``, ``"bicubic"`` or ``"lanczos"``.
        brightness: How the brightness of each image is scaled, by the pixels of its foreground
            (brighter than a twentieth of its brightest one): ``"percentiles"`` brings their 1st and
            99th percentile to 10 % and 90 % of white, ``"equalize"`` makes their histogram flat.
            None leaves it as it is, as the study does.
        allow_damaged: Read JPEG files that end early, gray where pixels are missing, and PNG files
            with wrong checksums. By default they are refused.
        cache_dir: The cache folder (default: ``MIA_CACHE_DIR`` or the user's cache folder).

    Raises:
        MissingDataError: The dataset's folder is not there.
        DataError: Anything else is wrong: a name, an argument, a file.
    """
    row = find(name)
    check_split(split)
    info = row.info
    channels = info.channels if channels is None else channels
    request = make_request(
        size,
        channels,
        resize=resize,
        resample=resample,
        brightness=brightness,
        allow_damaged=allow_damaged,
        allow_empty_masks=True,  # A published dataset's labels are taken as they are.
    )
    if isinstance(row, PluggedIn):
        for option, value in (("allow_damaged", allow_damaged), ("brightness", brightness)):
            if value:
                msg = f"{name} comes with the plug-in {row.plugin!r}, which has no {option}"
                raise DataError(msg)
        return load_plugged_in(row, split, request, root=root, cache_dir=cache_dir)
    if row.list_split is None:
        if brightness is not None:
            msg = f"{name} is drawn and has no brightness to scale, got {brightness!r}"
            raise DataError(msg)
        return phantom(split, size=request.size, channels=request.channels, cache_dir=cache_dir)
    listing = row.list_split(dataset_folder(info, root), split)
    return load_files(info.name, split, listing, request, cache_dir)


def count(name: str, *, root: str | Path | None = None) -> Counts:
    """Count the images in a dataset's folder without opening them.

    A dataset that has no folder of files (phantom, a plug-in's) answers with its published counts.

    Args:
        name: See ``load``.
        root: See ``load``.

    Raises:
        MissingDataError: The dataset's folder is not there.
        DataError: An unknown name, or a folder that is not laid out as the dataset's.
    """
    row = find(name)
    if isinstance(row, PluggedIn) or row.list_split is None:
        return row.info.counts
    folder = dataset_folder(row.info, root)
    return count_labels(*(row.list_split(folder, split).labels for split in SPLITS))
