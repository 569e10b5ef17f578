"""Links between pages lead somewhere, every page has a place on the site, every method a text."""

from __future__ import annotations

import re
import sys
from fnmatch import fnmatch
from pathlib import Path

import mia_recon
import mia_ssl
import pytest

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parents[4]
DOCS = ROOT / "docs"
if not (DOCS / "mkdocs.yml").is_file():
    pytest.skip("the documentation is not beside the tests", allow_module_level=True)
PAGES = [*DOCS.glob("*.md"), ROOT / "README.md", *ROOT.glob("packages/*/README.md")]


def anchors(page):
    """The anchors of a page's headings, as repositories and the site make them."""
    text = re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    titles = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_to_files_and_headings(page):
    text = re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    for target, anchor in re.findall(r"\]\((?!https?:|mailto:)([^)#\s]*)#?([^)\s]*)\)", text):
        linked = (page.parent / target) if target else page
        assert linked.exists(), target
        if anchor and linked.suffix == ".md":
            assert anchor in anchors(linked), f"{target}#{anchor}"


def test_links_of_package_pages_need_no_checkout():
    for page in ROOT.glob("packages/*/README.md"):
        assert not re.search(r"\]\((?!https?:|#)", page.read_text("utf-8")), page


def test_every_page_has_a_place_in_the_navigation():
    named = re.findall(r"[\w/*.-]+\.md", (DOCS / "mkdocs.yml").read_text("utf-8"))
    for page in DOCS.glob("*.md"):
        name = "index.md" if page.name == "README.md" else page.name
        assert any(fnmatch(name, pattern) for pattern in named), name


def test_every_method_has_a_text_and_its_paper_a_citation():
    texts = tomllib.loads((DOCS / "site" / "methods.toml").read_text("utf-8"))
    papers = texts.pop("papers")
    infos = {**mia_recon.METHODS, **mia_ssl.METHODS}
    assert set(texts) == set(infos)
    assert {info.paper for info in infos.values()} <= set(papers)
    for name, text in texts.items():
        assert set(text) == {"title", "how", "fails"}, name
        assert text["how"].count(". ") >= 1, name


def test_examples_are_short_and_say_what_they_show():
    for path in DOCS.glob("examples/*.py"):
        code = path.read_text("utf-8")
        most = 80 if path.name == "score_folder_onnx.py" else 60  # it reads and writes files itself
        assert len(code.splitlines()) < most, path
        assert code.startswith('"""'), path
