"""Checks the built site: nothing is loaded from elsewhere, every link and anchor is there.

`python docs/site/check_site.py`, after mkdocs. mkdocs itself checks the links of the pages' texts;
this reads what was built, the generated pages and the theme included.
"""

from __future__ import annotations

import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

SITE = Path(__file__).resolve().parents[2] / "build" / "site"
# Attributes from which a browser loads something by itself.
_LOADED = {"script": "src", "img": "src", "link": "href", "iframe": "src", "source": "src"}


class Page(HTMLParser):
    """The links, loaded resources, anchors and pictures without a text of a page."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.anchors: set[str] = set()
        self.silent_pictures: list[str] = []
        self.pictures = 0
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collect what a tag names."""
        known = {name: value or "" for name, value in attrs}
        self.anchors |= {known[name] for name in ("id", "name") if name in known}
        if tag == "a" and "href" in known:
            self.links.append(known["href"])
        # Addresses of neighbors are named and not loaded.
        is_named = known.get("rel") in {"canonical", "prev", "next"}
        if tag in _LOADED and known.get(_LOADED[tag]) and not is_named:
            self.loaded.append(known[_LOADED[tag]])
        if tag == "img":
            self.pictures += 1
            if not known.get("alt"):
                self.silent_pictures.append(known.get("src", ""))


def main() -> int:
    """Print what is wrong and return 1, or print the counts and return 0."""
    pages = {path: Page(path) for path in sorted(SITE.rglob("*.html")) if path.name != "404.html"}
    wrong = []
    for path, page in pages.items():
        name = path.relative_to(SITE).as_posix()
        wrong += [f"{name}: loads {url}" for url in page.loaded if urlsplit(url).netloc]
        wrong += [f"{name}: the picture {url} has no text" for url in page.silent_pictures]
        for url in [*page.links, *page.loaded]:
            parts = urlsplit(url)
            if parts.scheme or parts.netloc or (not parts.path and not parts.fragment):
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if not target.is_file():
                wrong.append(f"{name}: {url} is not there")
            elif (
                parts.fragment
                and target in pages
                and unquote(parts.fragment) not in pages[target].anchors | {"__skip"}
            ):
                wrong.append(f"{name}: {url} has no such anchor")
    for line in wrong:
        print(line, file=sys.stderr)
    bare = [path.relative_to(SITE).as_posix() for path, page in pages.items() if not page.pictures]
    links = sum(len(page.links) for page in pages.values())
    counts = f"{len(pages)} pages, {links} links, {len(bare)} pages without a picture"
    print(f"{counts}, {len(wrong)} wrong")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
