"""The patients of images, and splits that share none."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from mia_data.errors import DataError, reason

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mia_data.file_list import FileList

_GROUP = "patient"


def patient_pattern(text: str) -> re.Pattern[str]:
    """Return the regular expression that finds a patient in an image's path.

    Raises:
        DataError: It is no regular expression.
    """
    try:
        return re.compile(text)
    except (re.error, TypeError) as error:
        msg = f"expected patients to be a regular expression, got {text!r}: {reason(error)}"
        raise DataError(msg) from error


def with_path_patients(listing: FileList, pattern: re.Pattern[str]) -> FileList:
    """Return a listing with the patients that are in its paths.

    The patient is the group called ``patient`` of the first match, or its first group, or all of
    it.

    Raises:
        DataError: A path has no match, or an empty one.
    """
    return replace(listing, patients=[_find(name, pattern, listing) for name in listing.files])


def with_patients(listing: FileList, patients: Mapping[str, str]) -> FileList:
    """Return a listing with the patient of each of its files."""
    return replace(listing, patients=[patients[name] for name in listing.files])


def check_patients_apart(listing: FileList, other: FileList) -> None:
    """Refuse two splits that share a patient.

    Raises:
        DataError: They do; the message has the first such patient and an image in each split.
    """
    if listing.patients is None or other.patients is None:
        return
    here = dict(zip(reversed(listing.patients), reversed(listing.files), strict=True))
    there = dict(zip(reversed(other.patients), reversed(other.files), strict=True))
    both = sorted(set(here) & set(there))
    if both:
        count = f"{len(both)} patient{'s' if len(both) > 1 else ''}"
        first = both[0]
        msg = (
            f"{listing.source} has {count} in both splits, the first is {first!r} "
            f"({here[first]} and {there[first]}); expected each patient in one split "
            "(allow_shared_patients reads them as they are)"
        )
        raise DataError(msg)


def _find(name: str, pattern: re.Pattern[str], listing: FileList) -> str:
    found = pattern.search(name)
    patient = ""
    if found is not None:
        key: str | int = _GROUP if _GROUP in pattern.groupindex else min(pattern.groups, 1)
        patient = found[key] or ""
    if not patient:
        msg = (
            f"the path {name!r} in {listing.folder} has no patient by the regular expression "
            f"{pattern.pattern!r}, expected a match that is not empty"
        )
        raise DataError(msg)
    return patient
