"""Plans of datasets in the layout of ``data.json``: one image a file, split by patient."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from mia_data.layouts.json_lists import IMAGES, INDEX
from mia_data.prepare.patient_table import with_table_patients
from mia_data.prepare.plan import Plan
from mia_data.prepare.source_files import present
from mia_data.prepare.split import Split, checked, split_by_label
from mia_data.prepare.split_file import split_by_file

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mia_data.prepare.plan import Options, SourceImage, Task


def plan_json_set(
    images: Sequence[SourceImage],
    options: Options,
    make_task: Callable[[SourceImage, str], Task],
) -> Plan:
    """Return the plan of a dataset of ``images/*`` and ``data.json``.

    Args:
        images: All normal and abnormal images of the source.
        options: The split file, or the seed of a drawn split, and what else all sources take.
        make_task: Returns the step that makes an image's file, from the image and the file's path.

    Raises:
        DataError: Files are absent, or no split can be made.
    """
    images = with_table_patients(images, options.patients_file)
    if options.split_file is None:
        there = present(images, options)
        split = split_by_label(there, options.counts, options.seed)
        left_out = len(images) - len(there)
    else:
        listed = split_by_file(images, options.split_file, options.source)
        split = checked(Split(*(present(group, options) for group in listed.groups)))
        left_out = len(listed.images) - len(split.images)
    tasks = [make_task(image, f"{IMAGES}/{image.name}") for image in split.images]
    return Plan(tasks, split.counts, {INDEX: index_of(split)}, left_out)


def index_of(split: Split) -> bytes:
    """Return the content of ``data.json`` for a split; names are sorted."""
    train, normal, abnormal = (sorted(image.name for image in group) for group in split.groups)
    index = {"train": {"0": train}, "test": {"0": normal, "1": abnormal}}
    return json.dumps(index, indent=1).encode()
