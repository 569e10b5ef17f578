"""The page stands alone, names every result and shows pictures with their masks."""

from __future__ import annotations

import base64
import io
import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from mia_bench.files import write_json
from mia_bench.leaderboard.leaderboard import make_leaderboard
from mia_bench.leaderboard.rows import gather
from mia_bench.report import pictures
from mia_bench.report.galleries import read_galleries
from mia_bench.report.page import write_page
from mia_bench.report.samples import read_samples
from mia_bench.report.tables import matrix_context
from mia_bench.report.write import write_report
from mia_bench.run_folder.folder import RunFolder
from mia_bench.run_folder.records import Progress
from mia_bench.run_folder.status import read_runs, summarize
from PIL import Image


class Page(HTMLParser):
    """Counts of tags, and what their attributes point to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.addresses: list[str] = []
        self.ids: list[str] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.ids += [v for k, v in attrs if k == "id" and v]
        named = [v for k, v in attrs if k in ("src", "href", "xlink:href") and v]
        if tag == "a":  # followed by a press alone
            self.addresses += [v for v in named if not v.startswith("#")]
            named = [v for v in named if v.startswith("#")]
        self.links += named

    def handle_data(self, data):
        self.text += data


def test_nothing_is_loaded_from_elsewhere(finished):
    page = Page((finished / "report.html").read_text())
    assert all(link.startswith(("#", "data:")) for link in page.links)
    assert not {"iframe", "object", "embed", "base"} & set(page.tags)
    assert page.addresses
    assert all(address.startswith("https://") for address in page.addresses)


def test_every_result_has_a_row_and_a_gallery(finished):
    text = (finished / "report.html").read_text()
    page = Page(text)
    for dataset in ("braintumor", "brats2021"):
        assert f'href="#{dataset}--ae"' in text
        assert f'id="{dataset}--ae"' in text
    galleries = 2 * 3 * 16  # datasets; image, reconstruction and map; four of four kinds
    side_by_side = 2 * 6 * 3  # six images: themselves, reconstruction and map
    assert page.tags.count("img") == galleries + side_by_side + 2 * 8  # and those that open
    assert text.count("<svg xmlns") == 2 * 4  # ROC, PR, histogram, losses


def test_every_link_leads_somewhere_whatever_a_method_is_called(made_up, tmp_path):
    made_up(tmp_path, ["lag", "rsna"], {'a b"<i>%20&': 1.0, "ä#'+": 0.5}, seeds=(0,), size=16)
    page = Page(write_report(tmp_path).page.read_text())
    targets = {link.removeprefix("#") for link in page.links if link.startswith("#")}
    assert len(targets) > 4
    assert targets <= set(page.ids)
    assert not any(re.search(r"\s", name) for name in page.ids)


def test_a_dataset_where_all_score_nothing_has_its_column(made_up, tmp_path):
    made_up(tmp_path, ["lag", "rsna"], {"ae": 1.0}, seeds=(0,), size=16)
    for dataset, dice in (("lag", 0.0), ("rsna", 0.5)):
        path = RunFolder(tmp_path / dataset / "ae" / "seed-0").result
        result = json.loads(path.read_text())
        result["metrics"]["best_dice"] = dice
        write_json(path, result)
    context = matrix_context(make_leaderboard(read_runs(tmp_path)), "best_dice")
    assert context["datasets"] == ["lag", "rsna"]


def test_ids_cannot_write_into_the_page(finished, tmp_path):
    import shutil

    from mia_bench.run_folder.gallery_npz import Gallery

    out = tmp_path / "study"
    shutil.copytree(finished, out)
    path = out / "braintumor/ae/seed-0/gallery.npz"
    gallery = Gallery.load(path)
    evil = "<script>alert(1)</script>"
    fields = {**vars(gallery), "ids": np.array([evil] * len(gallery.ids))}
    Gallery(**fields).save(path)
    write_report(out)
    text = (out / "report.html").read_text()
    assert evil not in text
    assert "&lt;script&gt;" in text


def decode(uri: str) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(uri.split(",")[1]))))


def test_the_outline_lies_around_the_mask_and_hides_none_of_it():
    mask = np.zeros((32, 32), np.uint8)
    mask[8:16, 8:16] = 1
    scale = 4
    shown = pictures.outlined(np.full((128, 128, 3), 100, np.uint8), mask)
    green = (shown == pictures.OUTLINE).all(-1)
    assert not green[8 * scale : 16 * scale, 8 * scale : 16 * scale].any()
    assert green[8 * scale - 1, 8 * scale : 16 * scale].all()
    assert green.sum() == 4 * 8 * scale


def test_the_overlay_leaves_a_cold_image_as_it_is_and_covers_a_hot_spot():
    image = np.full((1, 128, 128), 100, np.uint8)
    heat = np.zeros((128, 128), np.float32)
    heat[60:68, 60:68] = 1
    shown = decode(pictures.overlay(image, heat, (0, 1))).astype(int)
    assert np.abs(shown[:40] - 100).max() <= 2
    assert (np.abs(shown[64, 64] - 100) > 40).any()


@pytest.fixture(scope="module")
def many(made_up, tmp_path_factory):
    """The folder and page of three datasets by four methods, some runs unfinished."""
    out = tmp_path_factory.mktemp("many") / "study"
    strengths = {"ae": 0.2, "vae": 0.8, "dae": 1.8, "nsa": 1.7}
    made_up(out, ["rsna", "lag", "brats2021"], strengths, seeds=(0, 1), size=16)
    made_up(out, ["rsna"], {"fpi": 0.5}, seeds=(0,), size=16)
    write_json(RunFolder(out / "lag/fpi/seed-0").failure, {"error": "out <of> memory"})
    running = RunFolder(out / "brats2021/fpi/seed-0")
    running.write_progress(Progress(3, 250, 0.5))
    with running.lock():
        return out, write_report(out).page.read_text()


def rows_of(text, start, end):
    """The cells' texts of the table rows between two strings."""
    part = text[text.index(start) :]
    rows = part[: part.index(end)].split("<tr>")[1:]
    return [[Page(cell).text.split() for cell in re.split(r"<t[dh]", row)[1:]] for row in rows]


def test_every_run_is_shown_as_what_it_is(many):
    _, text = many
    assert "runs: 25 finished, 1 failed, 1 running." in text
    assert re.search("<code>lag/fpi/seed-0</code>: failed . out &lt;of&gt; memory", text)
    assert "<code>brats2021/fpi/seed-0</code>: running" in text


def test_the_matrix_holds_the_means_ranks_and_marks(many):
    out, text = many
    (heading, *rows) = rows_of(text, 'aria-label="AUROC of each', "</table>")
    names = [cell[-1].split(">")[-1] for cell in heading]
    assert names[2:] == ["brats2021", "lag", "rsna"]
    cells = {row[0][-1].split(">")[-1]: row[1:] for row in rows}
    ranking = make_leaderboard(read_runs(out)).rankings["auroc"]
    assert list(cells) == [*ranking.average, "fpi"]  # the unfinished method last
    for row in gather(out):
        cell = cells[row.label][1 + names[2:].index(row.dataset)]
        assert any(f"{row.means['auroc']:.3f}" in word for word in cell)
    best = next(iter(ranking.average))
    assert f"{ranking.average[best]:.2f}" in " ".join(cells[best][0])
    assert cells["fpi"][2] == [">-"] or "-" in cells["fpi"][2][-1]


def test_the_ranks_have_a_diagram_and_say_who_is_left_out(many):
    _, text = many
    assert text.count('aria-label="Critical-difference diagram') == 2  # AUROC and AP
    assert "Not ranked, for lack of a dataset: fpi." in text
    assert "Friedman" in text


def test_marks_are_said_in_words_too(many):
    _, text = many
    assert '<span aria-hidden="true">▲</span><span class="unseen">best</span>' in text
    assert "not significantly below the best" in text


def test_published_figures_say_what_differs_and_where_they_are_from(many):
    _, text = many
    section = text[text.index('<section id="published">') :]
    section = section[: section.index("</section>")]
    assert "100 training images instead of 3851" in section
    sources = section.count('<li id="source-')
    assert sources >= 3
    assert all(f'href="#source-{number}"' in section for number in range(1, sources + 1))


def test_a_study_of_one_dataset_has_neither_matrix_nor_diagram(made_up, tmp_path):
    made_up(tmp_path, ["phantom"], {"ae": 1.0, "vae": 0.5}, seeds=(0,), size=16)
    text = write_report(tmp_path).page.read_text()
    assert 'id="matrix"' not in text
    assert 'id="published"' not in text
    assert '<table id="table"' in text


def test_pictures_of_a_large_study_are_thinned_out(many, monkeypatch):
    out, text = many
    monkeypatch.setattr("mia_bench.report.page.PICTURE_BYTES", 200_000)
    runs = read_runs(out)
    leaderboard = make_leaderboard(runs)
    rows = leaderboard.rows
    parts = leaderboard, summarize(runs), read_galleries(rows), read_samples(rows)
    write_page(out / "small.html", *parts)
    small = (out / "small.html").read_text()
    assert 0 < small.count("<img") < text.count("<img")
    assert 100_000 < sum(map(len, re.findall('data:image/webp[^"]*', small))) <= 200_000
    assert "it leaves out" not in text
    assert re.search(r"it leaves out .*[0-9]+ of 208 images of the methods&#39; galleries", small)
    monkeypatch.setattr("mia_bench.report.page.PAGE_BYTES", 330_000)
    write_page(out / "tiny.html", *parts)
    tiny = (out / "tiny.html").read_text()
    assert len(tiny) <= 330_000
    assert "all galleries" in tiny
    assert '<table id="table"' in tiny
