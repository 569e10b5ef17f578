"""Camelyon16: patches of lymph nodes, as the benchmark BMAD has cut them from whole slides.

The folder, or ``camelyon16`` or ``Camelyon16`` in it, holds ``train/good``, ``test/good`` and
``test/Ungood``. BMAD's own validation patches (``valid``) are not used.
"""

from __future__ import annotations

from mia_data.dataset_info import Counts
from mia_data.list_files import list_images
from mia_data.prepare.plan import Options, Plan
from mia_data.prepare.refused_options import check_no_split
from mia_data.prepare.source_files import find_folder
from mia_data.prepare.tasks import Copy

_PLACES = ("", "camelyon16", "Camelyon16")
_FOLDERS = ("train/good", "test/good", "test/Ungood")


def plan(options: Options) -> Plan:
    """Return the plan of Camelyon16, whose patches are copied as they are, in BMAD's split.

    Raises:
        DataError: A folder is missing or empty, or a split is given.
    """
    check_no_split("camelyon16", options)
    train = find_folder(options.source, [f"{p}/train/good".strip("/") for p in _PLACES], "patches")
    base = train.parent.parent
    groups = [list_images(base, folder) for folder in _FOLDERS]
    tasks = [Copy(base / name, name) for group in groups for name in group]
    return Plan(tasks, Counts(*map(len, groups)), unit="patches")
