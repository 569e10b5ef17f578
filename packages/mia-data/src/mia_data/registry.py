"""Lookup of datasets by name: our own and those of plug-ins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mia_data.errors import DataError, unknown_name
from mia_data.known_datasets import DATASETS, Definition
from mia_data.plugins import PluggedIn, plugged_in

if TYPE_CHECKING:
    from mia_data.dataset_info import DatasetInfo

_ALIASES = {alias: row.info.name for row in DATASETS.values() for alias in row.info.aliases}
_TAKEN = frozenset(DATASETS) | frozenset(_ALIASES)


def names() -> list[str]:
    """Return the names of all datasets: the study's seven, others, and those of plug-ins."""
    return [*DATASETS, *plugged_in(_TAKEN)]


def find(name: str) -> Definition | PluggedIn:
    """Return a row of the table by name or alias, or a plug-in's dataset by name.

    Raises:
        UnknownNameError: There is no such dataset; the message lists all, and the nearest.
    """
    found: Definition | PluggedIn | None = None
    if isinstance(name, str):
        # Plug-ins are looked for last: that takes longer than all of a warm load.
        found = DATASETS.get(_ALIASES.get(name, name)) or plugged_in(_TAKEN).get(name)
    if found is None:
        raise unknown_name("dataset", name, names())
    return found


def definition(name: str) -> Definition:
    """Return a row of the table by name or alias.

    Raises:
        UnknownNameError: There is no such dataset; the message lists all, and the nearest.
        DataError: It is a plug-in's, of whose files nothing is known here.
    """
    found = find(name)
    if isinstance(found, PluggedIn):
        msg = f"{name} comes with the plug-in {found.plugin!r}, which alone knows its files"
        raise DataError(msg)
    return found


def info(name: str) -> DatasetInfo:
    """Return the description of a dataset: layout, channels, counts, license, where to get it.

    Raises:
        UnknownNameError: There is no such dataset.
    """
    return find(name).info
