"""Splits that a file lists, in the form of the study's ``data.json``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mia_data.errors import DataError
from mia_data.file_list import ABNORMAL, NORMAL
from mia_data.file_types import without_suffix
from mia_data.layouts.json_lists import read_index, read_names
from mia_data.prepare.split import Split

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from mia_data.prepare.plan import SourceImage


def read_split_names(path: Path) -> tuple[list[str], list[str], list[str]]:
    """Return the names for training, and the normal and abnormal ones for testing.

    Names come without their suffix. Other lists in the file are passed over.

    Raises:
        DataError: The file has another form, or a name is there twice.
    """
    index = read_index(path)
    train, normal, abnormal = (
        [without_suffix(name) for name in read_names(index, split, key, path)]
        for split, key in (("train", "0"), ("test", "0"), ("test", "1"))
    )
    seen: set[str] = set()
    for name in (*train, *normal, *abnormal):
        if name in seen:
            msg = f"{path} names {name!r} twice, expected each image in one list"
            raise DataError(msg)
        seen.add(name)
    return train, normal, abnormal


def split_by_file(images: Sequence[SourceImage], path: Path, source: Path) -> Split:
    """Return the split that a file lists; names are compared without their suffix.

    Raises:
        DataError: The file has another form, names an image that the source does not have or
            gives another class, or has a patient for training and for testing.
    """
    known = {without_suffix(image.name): image for image in images}
    names = read_split_names(path)
    check_known(path, names, known, source)
    train, normal, abnormal = ([known[name] for name in group] for group in names)
    labels = ((NORMAL, (*train, *normal)), (ABNORMAL, abnormal))
    wrong = [image.name for label, group in labels for image in group if image.label != label]
    if wrong:
        msg = (
            f"{path} and {source} disagree about whether {len(wrong)} images are normal, the "
            f"first is {wrong[0]!r}; expected a split of this source"
        )
        raise DataError(msg)
    split = Split(train, normal, abnormal)
    check_apart(path, split)
    return split


def check_known(
    path: Path, names: Sequence[Sequence[str]], known: Mapping[str, object], source: Path
) -> None:
    """Refuse names that the source does not have.

    Raises:
        DataError: There are some; the message has their number and the first of them.
    """
    unknown = [name for group in names for name in group if name not in known]
    if unknown:
        shown = ", ".join(map(repr, unknown[:3]))
        msg = (
            f"{path} names {len(unknown)} images that are not among the normal and abnormal ones "
            f"of {source}, the first: {shown}; expected a split of this source"
        )
        raise DataError(msg)


def check_apart(path: Path, split: Split) -> None:
    """Refuse a split with a patient for training and for testing.

    Raises:
        DataError: There is one.
    """
    train = {image.patient: image.name for image in reversed(split.train)}
    test = {image.patient: image.name for image in (*split.normal, *split.abnormal)}
    both = sorted(set(train) & set(test))
    if both:
        count = f"{len(both)} patient{'s' if len(both) > 1 else ''}"
        msg = (
            f"{path} has {count} in both splits, the first with {train[both[0]]!r} for training "
            f"and {test[both[0]]!r} for testing; expected each patient in one split"
        )
        raise DataError(msg)
