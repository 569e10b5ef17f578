"""Datasets of other installed packages, found by their entry points."""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, NoReturn, Protocol

import numpy as np

from mia_data.dataset_info import DatasetInfo
from mia_data.errors import DataError, reason
from mia_data.imageset import ImageSet

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from mia_data.decode.request import Request

GROUP = "mia.datasets"
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]*")


class Provider(Protocol):
    """A module or object registered under the entry-point group ``mia.datasets``."""

    DATASETS: Mapping[str, DatasetInfo]

    def load(
        self,
        name: str,
        split: str,
        *,
        root: str | Path | None,
        size: int,
        channels: int,
        resize: str,
        resample: str,
        cache_dir: str | Path | None,
    ) -> ImageSet:
        """Return one split as ``mia_data.load`` does; the arguments are checked already."""
        ...


@dataclass(frozen=True)
class PluggedIn:
    """A plug-in's dataset, the provider that loads it, and the plug-in's registered name."""

    info: DatasetInfo
    provider: Provider
    plugin: str


@cache
def plugged_in(taken: Collection[str]) -> dict[str, PluggedIn]:
    """Return the datasets of plug-ins by name, without names that are ``taken``.

    A plug-in that cannot be used is named in a warning and left out.
    """
    found: dict[str, PluggedIn] = {}
    for entry in sorted(entry_points(group=GROUP), key=lambda entry: entry.name):
        try:
            provider = entry.load()
            offered = {
                name: PluggedIn(_check_info(name, info), provider, entry.name)
                for name, info in provider.DATASETS.items()
            }
            if not callable(provider.load):
                _refuse("load", provider.load, "a function")
        except (Exception, SystemExit) as error:
            ours = isinstance(error, DataError)
            what = reason(error) if ours else f"{type(error).__name__}: {reason(error)}"
            warnings.warn(f"plug-in {entry.name!r} of {GROUP} is left out: {what}", stacklevel=2)
            continue
        for name, dataset in offered.items():
            if name in taken or name in found:
                text = f"dataset {name!r} of plug-in {entry.name!r} is left out: the name is taken"
                warnings.warn(text, stacklevel=2)
            else:
                found[name] = dataset
    return found


def load_plugged_in(
    dataset: PluggedIn,
    split: str,
    request: Request,
    *,
    root: str | Path | None,
    cache_dir: str | Path | None,
) -> ImageSet:
    """Return one split of a plug-in's dataset if it is what was asked for.

    Raises:
        DataError: The plug-in fails, or gives something else.
    """
    name = dataset.info.name
    try:
        found = dataset.provider.load(
            name,
            split,
            root=root,
            size=request.size,
            channels=request.channels,
            resize=request.resize,
            resample=request.resample,
            cache_dir=cache_dir,
        )
        _check_images(found, split, request.channels, request.size)
    except DataError as error:
        msg = f"{name}/{split} of plug-in {dataset.plugin!r}: {error}"
        raise DataError(msg) from error
    return found


def _check_info(name: str, info: object) -> DatasetInfo:
    if not (isinstance(info, DatasetInfo) and info.name == name):
        _refuse(f"DATASETS[{name!r}]", info, "a mia_data.DatasetInfo of the same name")
    if not _NAME.fullmatch(name):
        _refuse("the dataset's name", name, "lower-case letters, digits, '.', '_' and '-'")
    return info


def _check_images(found: object, split: str, channels: int, size: int) -> None:
    if not isinstance(found, ImageSet):
        _refuse("load's result", type(found).__name__, "a mia_data.ImageSet")
    count = len(found.labels)
    _check_array("images", found.images, np.uint8, (count, channels, size, size))
    _check_array("labels", found.labels, np.int64, (count,))
    if found.masks is not None:
        _check_array("masks", found.masks, np.uint8, (count, size, size))
        if count and found.masks.max() > 1:
            _refuse("masks", f"values up to {found.masks.max()}", "0 and 1")
    labels = sorted(set(found.labels.tolist()))
    expected = {"train": [0], "test": [0, 1]}[split]
    if labels != expected:
        _refuse("labels", labels, f"{expected}: 0 normal, 1 abnormal")
    if not (len(found.ids) == len(set(found.ids)) == count):
        what = f"{len(set(found.ids))} different of {len(found.ids)}"
        _refuse("ids", what, f"{count} different ones")
    for column, groups in (("patients", found.patients), ("volumes", found.volumes)):
        if groups is not None and len(groups) != count:
            _refuse(column, len(groups), f"{count}, one for each image, or None")


def _check_array(name: str, array: np.ndarray, dtype: type, shape: tuple[int, ...]) -> None:
    if array.dtype != dtype or array.shape != shape:
        got = f"{array.dtype} {array.shape}"
        _refuse(name, got, f"{np.dtype(dtype)} {shape}")


def _refuse(what: str, got: object, expected: str) -> NoReturn:
    msg = f"expected {what} to be {expected}, got {got}"
    raise DataError(msg)
