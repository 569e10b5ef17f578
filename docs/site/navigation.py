"""A hook of mkdocs: a pattern in the navigation stands for the pages that match it, in order.

With a title it is a section of these pages, or the page where there is but one; where there is
none, nothing.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any


def on_config(config: Any) -> Any:
    """Put the pages in place of patterns such as ``methods/*.md``; index.md comes first."""
    config.nav = _expanded(config.nav, Path(config.docs_dir))
    return config


def _expanded(entries: list[Any], pages: Path) -> list[Any]:
    found: list[Any] = []
    for entry in entries:
        title, value = next(iter(entry.items())) if isinstance(entry, dict) else (None, entry)
        if isinstance(value, list):
            found.append({title: _expanded(value, pages)})
        elif "*" in value:
            names = [path.relative_to(pages).as_posix() for path in sorted(pages.glob(value))]
            names = [name for name in names if not name.endswith("/index.md")]
            if title and names:
                found.append({title: names if len(names) > 1 else names[0]})
            elif not title:
                found += [_short(name, pages) for name in names]
        else:
            found.append(entry)
    return found


def _short(name: str, pages: Path) -> Any:
    """Return a page under the part of its heading before a colon, such as a method's name."""
    heading = (pages / name).read_text(encoding="utf-8").partition("\n")[0].removeprefix("# ")
    short, colon, _ = heading.partition(": ")
    return {short: name} if colon else name
