"""The folders of the datasets."""

from __future__ import annotations

import os
from shlex import quote
from typing import TYPE_CHECKING

from mia_data.errors import MissingDataError
from mia_data.files import expand_home, is_folder

if TYPE_CHECKING:
    from pathlib import Path

    from mia_data.dataset_info import DatasetInfo

_DEFAULT = "~/MedIAnomaly-Data"


def data_root(root: str | Path | None = None) -> Path:
    """Return the folder that holds the datasets' folders.

    That is the argument if it is given, or ``MIA_DATA_ROOT`` if it is set, or
    ``~/MedIAnomaly-Data``.
    """
    return expand_home(root or os.environ.get("MIA_DATA_ROOT") or _DEFAULT, "MIA_DATA_ROOT")


def dataset_folder(info: DatasetInfo, root: str | Path | None) -> Path:
    """Return the folder of a dataset.

    Raises:
        MissingDataError: It does not exist; the message says how to get it.
    """
    base = data_root(root)
    folder = base / str(info.folder)
    if is_folder(folder):
        return folder
    if info.archive is not None:
        hint = f"run: mia-data download {info.name} --root {quote(str(base))}"
    else:
        hint = info.how_to_get
    what = f"the folder {folder} of {info.name}" if is_folder(base) else f"the data root {base}"
    msg = f"{what} does not exist; {hint}, or point --root or MIA_DATA_ROOT at the data"
    raise MissingDataError(msg)
