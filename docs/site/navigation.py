"""A hook of mkdocs: a pattern in the navigation stands for the pages that match it, in order.

With a title it is a section of these pages, or the page where there is but one; where there is
none, nothing. Pages that the folder's index.md links to come in its order; pages of methods are
sections by family.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

_FAMILY = re.compile(r"^\| family \| \[(.*?)\]", re.MULTILINE)


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
            names = _in_order(
                [path.relative_to(pages).as_posix() for path in pages.glob(value)], pages
            )
            if title and names:
                found.append({title: names if len(names) > 1 else names[0]})
            elif not title:
                found += _by_family(names, pages)
        else:
            found.append(entry)
    return found


def _in_order(names: list[str], pages: Path) -> list[str]:
    """Return the pages of a pattern but index.md, in the order of the links there, then by name."""
    indexes = {Path(name).parent / "index.md" for name in names}
    texts = [(pages / index).read_text("utf-8") for index in indexes if (pages / index).is_file()]
    linked = [name for text in texts for name in re.findall(r"\]\(([^)\s]+\.md)\)", text)]
    places = {name: place for place, name in reversed([*enumerate(linked)])}
    kept = [name for name in names if not name.endswith("/index.md")]
    return sorted(kept, key=lambda name: (places.get(Path(name).name, len(places)), name))


def _by_family(names: list[str], pages: Path) -> list[Any]:
    """Return the pages, those that name a family in a section for each family."""
    entries: list[Any] = []
    families: dict[str, list[Any]] = {}
    for name in names:
        text = (pages / name).read_text("utf-8")
        family = _FAMILY.search(text)
        if family and family[1] not in families:
            families[family[1]] = []
            entries.append({family[1]: families[family[1]]})
        (families[family[1]] if family else entries).append(_short(name, text))
    return entries


def _short(name: str, text: str) -> Any:
    """Return a page under the part of its heading before a colon, such as a method's name."""
    short, colon, _ = text.partition("\n")[0].removeprefix("# ").partition(": ")
    return {short: name} if colon else name
