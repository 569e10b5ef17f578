"""Errors that the command line turns into one line and an exit code."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class StudyError(ValueError):
    """A study, a folder or an option that cannot be used as given: exit code 2."""


class RunsFailedError(RuntimeError):
    """Some runs of a study failed while the others finished: exit code 1."""


def unknown_name(kind: str, name: str, known: Iterable[str]) -> StudyError:
    """Return the error for a name that is not among the known ones, with the nearest of them."""
    known = list(known)
    near = difflib.get_close_matches(name, known, n=1) or [k for k in known if k == name.lower()]
    hint = f"did you mean {near[0]!r}? Known: " if near else "expected one of "
    return StudyError(f"unknown {kind} {name!r}; {hint}{', '.join(known)}")
