"""The makers of the site: words that stay whole, the order of the navigation, tables they read."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import SimpleNamespace

import pytest

SITE = Path(__file__).resolve().parents[4] / "docs" / "site"
if not SITE.is_dir():
    pytest.skip("the documentation is not beside the tests", allow_module_level=True)


def hook(name):
    spec = importlib.util.spec_from_file_location(f"docs_site_{name}", SITE / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def marked(html):
    """What the hook makes of a page; only marks may be added to it."""
    found = hook("whole_words").on_page_content(html)
    bare = re.sub(r'<span class="word">(.*?)</span>|<wbr>', r"\1", found)
    bare = re.sub(r'(<t[dh])( class="(word|sentence|paragraph)")', r"\1", bare)
    assert bare == html
    return found


def test_words_of_cells_and_commands_stay_whole():
    cell = "<table><tr><td><code>python gpu.py --tests</code> of one machine</td></tr></table>"
    assert '<span class="word">--tests</span>' in marked(cell)
    command = (
        '<div class="language-bash highlight"><pre><code>mia-bench run --jobs 2</code></pre></div>'
    )
    assert '<span class="word">--jobs</span>' in marked(command)
    assert '<span class="word">--epochs</span>' in marked("<p>With <code>--epochs</code>.</p>")


def test_long_words_of_cells_break_between_their_parts():
    values = "[last|pseudo_auroc|synthetic_auroc]"
    found = marked(f"<table><tr><td>--select {values}</td></tr></table>")
    assert '|</span><wbr><span class="word">pseudo_auroc|' in found


def test_short_cells_are_one_line_and_long_ones_have_a_width():
    found = marked(f"<table><tr><td>3.7 s, 997 MiB</td><td>{'a word ' * 20}</td></tr></table>")
    assert '<td class="word">3.7 s' in found
    assert '<td class="paragraph">a word' in found


def test_other_code_is_left_alone():
    python = (
        '<div class="language-python highlight"><pre><span></span><code>a -b</code></pre></div>'
    )
    assert marked(python) == python


def test_methods_are_listed_by_family_in_the_order_of_the_index(tmp_path):
    pages = tmp_path / "methods"
    pages.mkdir()
    (pages / "index.md").write_text("# All\n[vae](vae.md) [nsa](nsa.md) [ae](ae.md)\n")
    for name, family in (("ae", "Reconstruction"), ("nsa", "One-stage"), ("vae", "Reconstruction")):
        (pages / f"{name}.md").write_text(
            f"# {name}: a method\n\n| family | [{family}](../x.md) |\n"
        )
    config = SimpleNamespace(nav=["methods/index.md", "methods/*.md"], docs_dir=str(tmp_path))
    assert hook("navigation").on_config(config).nav == [
        "methods/index.md",
        {"Reconstruction": [{"vae": "methods/vae.md"}, {"ae": "methods/ae.md"}]},
        {"One-stage": [{"nsa": "methods/nsa.md"}]},
    ]


def test_the_measured_rows_of_all_datasets_have_the_same_columns(monkeypatch):
    monkeypatch.syspath_prepend(str(SITE))
    rows = hook("measured").measured_rows()
    assert {row["set"] for row in rows} == {"braintumor", "ChestXray", "LGG", "brats2021"}
    assert len({tuple(row) for row in rows}) == 1
    assert {"synthetic-lesions", "patchcore", "ae"} <= {row["method"] for row in rows}
