"""The program ``mia-bench``: an interruption at any moment, start-up included, is one line."""

from __future__ import annotations

import signal
import sys
import threading
from typing import TYPE_CHECKING

from mia_bench.interruption import TerminatedError, code_of, say_interrupted

if TYPE_CHECKING:
    from types import FrameType
    from typing import NoReturn


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the command line and exit; see ``mia_bench.cli.main.main``."""
    try:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, _terminate)
        from mia_bench.cli import main as run  # takes long enough to be interrupted

        run(arguments)
    except KeyboardInterrupt as error:
        say_interrupted()
        sys.exit(code_of(error))
    sys.exit(0)


def _terminate(number: int, frame: FrameType | None) -> None:
    raise TerminatedError
