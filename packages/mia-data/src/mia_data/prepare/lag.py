"""LAG: fundus photographs of the Large-scale Attention-based Glaucoma database.

The folder, or ``LAG_database_part_1`` in it, holds ``non_glaucoma`` and ``suspicious_glaucoma``,
each with its photographs in ``image`` or directly inside. Other files, such as attention maps, are
not used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mia_data.errors import DataError
from mia_data.file_list import ABNORMAL, NORMAL
from mia_data.file_types import without_suffix
from mia_data.list_files import list_images
from mia_data.prepare.json_set import plan_json_set
from mia_data.prepare.plan import Options, Plan, SourceImage
from mia_data.prepare.source_files import find_folder
from mia_data.prepare.tasks import Copy

if TYPE_CHECKING:
    from pathlib import Path

_CLASSES = {"non_glaucoma": NORMAL, "suspicious_glaucoma": ABNORMAL}


def plan(options: Options) -> Plan:
    """Return the plan of LAG, whose photographs are copied as they are.

    Raises:
        DataError: A folder is missing or empty, a number stands for two photographs, or no split
            can be made.
    """
    images: dict[str, SourceImage] = {}
    for folder, label in _CLASSES.items():
        places = (f"{folder}/image", folder, f"LAG_database_part_1/{folder}/image")
        where = find_folder(
            options.source, (*places, f"LAG_database_part_1/{folder}"), "photographs"
        )
        for image in _list(where, label):
            key = without_suffix(image.name)
            other = images.setdefault(key, image)
            if other is not image:
                msg = (
                    f"{image.path} and {other.path} have the same name, expected a name for each "
                    "photograph"
                )
                raise DataError(msg)
    return plan_json_set(list(images.values()), options, lambda i, target: Copy(i.path, target))


def _list(folder: Path, label: int) -> list[SourceImage]:
    return [
        SourceImage(name, label, without_suffix(name), folder / name)
        for name in list_images(folder, "")
    ]
