"""The program ``mia-data``: an interruption at any moment, start-up included, is one line."""

from __future__ import annotations

import signal
import sys
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FrameType

INTERRUPTED, TERMINATED = 130, 143  # as shells count: 128 and the number of the signal


class _TerminatedError(KeyboardInterrupt):
    """SIGTERM, which ends the program as Ctrl-C does."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return its exit code, 130 after Ctrl-C or 143 after SIGTERM."""
    try:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, _terminate)
        from mia_data.cli import main as run  # takes long enough to be interrupted

        return run(argv)
    except KeyboardInterrupt as error:
        print("mia-data: interrupted", file=sys.stderr)
        return TERMINATED if isinstance(error, _TerminatedError) else INTERRUPTED


def _terminate(number: int, frame: FrameType | None) -> None:
    raise _TerminatedError
