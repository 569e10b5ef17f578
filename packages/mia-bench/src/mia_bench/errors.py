"""Errors that the command line turns into one line and an exit code."""

from __future__ import annotations


class StudyError(ValueError):
    """A study, a folder or an option that cannot be used as given: exit code 2."""


class RunsFailedError(RuntimeError):
    """Some runs of a study failed while the others finished: exit code 1."""
