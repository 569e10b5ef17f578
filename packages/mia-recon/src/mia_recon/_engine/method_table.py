"""JSON file with the facts of a package's methods, read without importing PyTorch."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from typing import TYPE_CHECKING

from .records import Cost, MethodInfo

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


def read_method_table(path: Path) -> dict[str, MethodInfo]:
    """Read the file that ``write_method_table`` wrote; return the methods by name."""
    rows = json.loads(path.read_text(encoding="utf-8"))
    costs = [row.pop("cost") for row in rows]
    infos = [
        MethodInfo(**row, cost=None if cost is None else Cost(**cost))
        for row, cost in zip(rows, costs, strict=True)
    ]
    return {info.name: info for info in infos}


def write_method_table(path: Path, infos: Iterable[MethodInfo]) -> None:
    """Write the facts of methods as JSON, completely or not at all."""
    rows = [{**asdict(info), "cost": info.cost and info.cost._asdict()} for info in infos]
    temporary = path.with_suffix(".tmp")
    temporary.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    os.replace(temporary, path)  # noqa: PTH105 - it replaces on every system
