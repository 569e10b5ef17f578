"""The page stands alone, shows the highest scores first, stays small, and lists what is broken."""

from __future__ import annotations

import json
import re
import shutil
from html.parser import HTMLParser

import mia_bench
import numpy as np
import pytest
from mia_bench.inference import top_images
from mia_bench.inference.model_folder import load_model
from mia_bench.inference.output_files import PAGE


class Page(HTMLParser):
    """Tags with their attributes, and the text."""

    def __init__(self, path) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        self.feed(path.read_text())

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data

    def all(self, tag, **wanted):
        return [a for t, a in self.tags if t == tag and wanted.items() <= a.items()]


@pytest.fixture(scope="module")
def out(tmp_path_factory, model, mixed):
    """The output of a folder with a broken file whose name would write into the page."""
    folder = tmp_path_factory.mktemp("page") / "in"
    shutil.copytree(mixed[0], folder)
    (folder / "<script>alert(1)<.png").write_text("no image")
    target = folder.parent / "out"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(top_images, "SHOWN", 6)
        mia_bench.score(model=model, images=folder, out=target, batch_size=3, fpr=0.1)
    return target


def rows(out):
    lines = [line.split(",") for line in (out / "scores.csv").read_text().splitlines()[1:]]
    return sorted(((float(score), name) for name, score, _, _ in lines), reverse=True)


def test_nothing_is_loaded_from_elsewhere(out):
    page = Page(out / PAGE)
    links = [v for _, a in page.tags for k, v in a.items() if k in ("src", "href", "xlink:href")]
    assert all(link.startswith(("#", "data:")) for link in links)


def test_the_highest_scores_come_first_and_no_more_than_fit(out):
    page = Page(out / PAGE)
    shown = [float(a["data-score"]) for a in page.all("figure", **{"class": "case"})]
    np.testing.assert_allclose(shown, [score for score, _ in rows(out)][:6], rtol=1e-6)
    assert len(page.all("img")) == 3 * 6  # image, reconstruction and map
    titles = [a["alt"].removeprefix("image ") for a in page.all("img")][::3]
    assert titles == [name for _, name in rows(out)][:6]


def test_captions_count_the_normal_images_that_score_lower(out, model):
    normal = load_model(model).normal_scores
    text = " ".join(Page(out / PAGE).text.split())
    for score, name in rows(out)[:6]:
        lower = int((normal.scores < np.float32(score)).sum())
        count = len(normal.scores)
        share = f"all {count}" if lower == count else f"{lower} of {count}" if lower else "none"
        assert f"{name} score {score:.4g}, higher than {share}" in text
    assert f"normal {normal.name}" in text
    assert "above 100" not in text


def test_outlines_lie_over_the_map_alone_and_can_be_hidden(out):
    text = (out / PAGE).read_text()
    panes = re.findall(r'<span class="pane" data-kind="(\w+)">(.*?)</span>', text, re.S)
    assert {kind for kind, pane in panes if "<use" in pane} == {"map"}
    assert Page(out / PAGE).all("input", **{"class": "outlines"})
    ids = re.findall(r'<path id="(mask-\d+)"', text)
    assert set(re.findall(r'href="#(mask-\d+)"', text)) == set(ids)


def test_a_page_that_would_be_too_large_shows_fewer_images_and_says_so(out, model, mixed, tmp_path):
    sizes = [len(image["src"]) for image in Page(out / PAGE).all("img")]
    # Room for six images, and less than another one takes: rounding changes some bytes.
    six = sum(sizes) + min(sizes) // 2
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("mia_bench.inference.page.PICTURE_BYTES", six)
        summary = mia_bench.score(model=model, images=mixed[0], out=tmp_path / "out")
    page = Page(tmp_path / "out" / PAGE)
    assert sum(len(image["src"]) for image in page.all("img")) <= six
    assert len(page.all("figure", **{"class": "case"})) == 6
    left_out = summary.images - 6
    assert f"{left_out} more are left out, to keep this page small" in page.text


def test_names_cannot_write_into_the_page(out):
    text = (out / PAGE).read_text()
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(1)&lt;.png" in text
    assert "1 file could not be read" in Page(out / PAGE).text


def test_the_slider_counts_what_it_flags(out, model):
    slider = Page(out / PAGE).all("input", type="range")[0]
    levels = json.loads(slider["data-levels"])
    scores = np.array([score for score, _ in rows(out)], np.float32)
    normal = load_model(model).normal_scores.scores
    assert levels["share"][int(slider["value"])] == 0.1
    assert int(slider["max"]) == len(levels["share"]) - 1
    assert levels["share"] == sorted(levels["share"], reverse=True)
    columns = (levels[name] for name in ("share", "threshold", "flagged"))
    for share, threshold, flagged in zip(*columns, strict=True):
        assert flagged == (scores >= np.float32(threshold)).sum()
        assert (normal >= np.float32(threshold)).mean() <= share + 1e-9


def test_every_figure_has_a_text_alternative(out):
    page = Page(out / PAGE)
    assert all(a["alt"] for a in page.all("img"))
    assert all(a.get("aria-label") for a in page.all("figure", role="img"))
    assert re.search(r"\d+ of 16 images are flagged", page.text)
