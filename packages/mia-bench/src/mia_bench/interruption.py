"""Interruptions of the program: Ctrl-C, and SIGTERM, which ends it in the same way."""

from __future__ import annotations

import sys

INTERRUPTED, TERMINATED = 130, 143  # as shells count: 128 and the number of the signal


class TerminatedError(KeyboardInterrupt):
    """SIGTERM, which ends the program as Ctrl-C does."""


def code_of(error: BaseException) -> int:
    """Return the exit code of an interruption, which click hands on as the cause of its own."""
    causes = (error, error.__cause__, error.__context__)
    return TERMINATED if any(isinstance(each, TerminatedError) for each in causes) else INTERRUPTED


def say_interrupted() -> None:
    """Print one line on stderr."""
    print("mia-bench: interrupted; run the same command again to go on", file=sys.stderr)
