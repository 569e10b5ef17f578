"""Names in the cells of tables."""

from __future__ import annotations


def cell(name: str) -> str:
    """Return a file's path in a form that no spreadsheet takes for a formula."""
    return f"./{name}" if name.startswith(tuple("=+-@\t\r")) else name
