"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click


class Commas(click.ParamType):
    """A list given as ``a,b,c``."""

    def __init__(self, kind: type = str) -> None:
        self.kind = kind
        self.name = "0,1,..." if kind is int else "a,b,..."

    def convert(self, value: Any, param: Any, ctx: Any) -> list[Any]:
        """Split and convert; an empty list or item is refused."""
        if isinstance(value, list):
            return value
        try:
            items = [self.kind(item.strip()) for item in value.split(",")]
        except ValueError:
            self.fail(f"expected whole numbers separated by commas, got {value!r}", param, ctx)
        if not all(str(item) for item in items):
            self.fail(f"expected names separated by commas, got {value!r}", param, ctx)
        return items


FOLDER = click.Path(file_okay=False, path_type=Path)
JSON = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON on stdout.")
OUT = click.option(
    "--out", type=FOLDER, default="mia-results", show_default=True, help="Folder of the results."
)
DEVICE = click.option(
    "--device", default="auto", show_default=True, help="auto, cpu, cuda, cuda:1 or mps."
)
