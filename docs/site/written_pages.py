"""Copies the pages that people wrote, with links that fit the places they have on the site."""

from __future__ import annotations

import ast
import os
import posixpath
import re
import shutil
from pathlib import Path

from places import DOCS, PACKAGES, PAGES, ROOT, write_page

# Pages that stand somewhere else on the site than their name says, and folders that have a page.
_PLACES = {
    "README.md": "index.md",
    "docs": "index.md",
    "docs/README.md": "index.md",
    "docs/examples/mia-example": "examples/mia-example.md",
    "docs/examples/score_folder_onnx.py": "examples/export-and-score.md",
    "docs/examples/mia-example/README.md": "examples/mia-example.md",
    "benchmarks": "benchmarks.md",
    **{f"packages/{name}": f"packages/{name}.md" for name in PACKAGES},
    **{f"packages/{name}/README.md": f"packages/{name}.md" for name in PACKAGES},
}
_FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"(?<=\]\()(?!https?:|mailto:|#)([^)\s#]+)(?=[#)])")


def copy_written_pages() -> None:
    """Copy docs/*.md and the READMEs, and what they link to and show.

    Raises:
        FileNotFoundError: A page links to something that is not in the repository.
    """
    pages = sorted(path for path in DOCS.glob("*.md") if path.name != "README.md")
    pages += [DOCS / "README.md", DOCS / "examples" / "mia-example" / "README.md"]
    pages += [ROOT / "packages" / name / "README.md" for name in PACKAGES]
    for path in pages:
        target = _place(path.relative_to(ROOT).as_posix())
        text = path.read_text(encoding="utf-8")
        if path.is_relative_to(ROOT / "packages"):
            # On a package index these pages stand alone, so that they name others without a link.
            text = re.sub(r"`docs/(\S+\.md)`", r"[`docs/\1`](../../docs/\1)", text)
        write_page(target, mend_links(text, path.parent, target))
    shutil.copytree(DOCS / "site" / "assets", PAGES / "assets")
    write_page("benchmarks.md", _benchmarks_page())


def mend_links(text: str, folder: Path, target: str) -> str:
    """Return a page whose links fit its place on the site; code blocks are left alone.

    Args:
        text: The page.
        folder: The folder of the repository that its links start from.
        target: Its place on the site.
    """

    def mended(match: re.Match[str]) -> str:
        linked = Path(os.path.normpath(folder / match[1]))
        if not linked.exists():
            msg = f"{target}: there is no {match[1]} in {folder.relative_to(ROOT)}"
            raise FileNotFoundError(msg)
        place = _place(linked.relative_to(ROOT).as_posix())
        if not place.endswith(".md"):
            (PAGES / place).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(linked, PAGES / place)
        return posixpath.relpath(place, posixpath.dirname(target) or ".")

    parts, end = [], 0
    for fence in _FENCE.finditer(text):
        parts += [_LINK.sub(mended, text[end : fence.start()]), fence[0]]
        end = fence.end()
    return "".join([*parts, _LINK.sub(mended, text[end:])])


def _place(name: str) -> str:
    """Return the place on the site of a file or folder of the repository."""
    if name in _PLACES:
        return _PLACES[name]
    if re.fullmatch(r"docs/examples/\w+\.py", name):  # a page of the gallery
        return name.removeprefix("docs/").removesuffix(".py").replace("_", "-") + ".md"
    return name.removeprefix("docs/") if name.startswith("docs/") else f"files/{name}"


def _benchmarks_page() -> str:
    """Return the page of the scripts that measure: what each says of itself."""
    lines = [
        "# Benchmark scripts",
        "",
        "The figures on these pages were measured by the scripts in `benchmarks/` of the"
        " repository, unless the page says otherwise. Each script prints its figures for your"
        " machine.",
        "",
    ]
    for path in sorted((ROOT / "benchmarks").glob("*")):
        main = path / "__main__.py" if path.is_dir() else path
        if main.suffix != ".py" or not main.is_file():
            continue
        text = ast.get_docstring(ast.parse(main.read_text(encoding="utf-8"))) or ""
        name = path.relative_to(ROOT).as_posix()
        lines += [f"## `{name}`", "", text.replace("``", "`"), ""]
    return "\n".join(lines)
