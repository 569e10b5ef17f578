"""A line on the terminal that shows how far a step has come."""

from __future__ import annotations

import sys

from mia_data.literal_text import visible


class Progress:
    """Prints a count to stderr: one line that changes on a terminal, else about ten lines."""

    def __init__(self, *, shown: bool) -> None:
        self._shown = shown
        self._last = -1

    def show(self, what: str, done: int, total: int) -> None:
        """Print that ``done`` of ``total`` things are finished."""
        if not self._shown or not total:
            return
        is_terminal = sys.stderr.isatty()
        share = done * (100 if is_terminal else 10) // total
        if share == self._last and done < total:
            return
        self._last = -1 if done == total else share
        end = "\n" if done == total or not is_terminal else ""
        start = "\r" if is_terminal else ""
        print(f"{start}{visible(what)}: {done} of {total}", end=end, file=sys.stderr, flush=True)
