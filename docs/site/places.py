"""The folders that the site is made from and in, and how its files are written."""

from __future__ import annotations

import hashlib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = ROOT / "build" / "site-pages"
CACHE = ROOT / "build" / "site-cache"
PACKAGES = ("mia-data", "mia-metrics", "mia-recon", "mia-ssl", "mia-bench")


def write_page(name: str, text: str) -> None:
    """Write a page, or another text, below the folder that mkdocs reads."""
    path = PAGES / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def digest(*paths: Path) -> str:
    """Return a hash of files, and of the Python files and tables in folders."""
    total = hashlib.sha256()
    for path in paths:
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.suffix in {".py", ".json", ".toml", ".csv"}:
                total.update(file.relative_to(ROOT).as_posix().encode() + b"\0")
                total.update(file.read_bytes())
    return total.hexdigest()[:16]


def source(package: str) -> Path:
    """Return the folder of a package's modules."""
    return ROOT / "packages" / package / "src" / package.replace("-", "_")


def table(header: list[str], rows: list[list[str]]) -> str:
    """Return a table in Markdown."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(row) + " |" for row in lines) + "\n"
