"""Facts of all methods, known without importing PyTorch.

``method_table.json`` is written from the methods' own files by ``nox -s sync``.
"""

from __future__ import annotations

import sys
from pathlib import Path

from mia_ssl._engine.method_table import read_method_table, write_method_table

METHODS = read_method_table(Path(__file__).with_name("method_table.json"))
"""Name of a method -> its facts and training defaults."""


def main(path: str) -> None:
    """Write the table, with the cost of each method counted."""
    from mia_ssl.costs import count_costs

    write_method_table(Path(path), count_costs())


if __name__ == "__main__":
    main(*sys.argv[1:])
