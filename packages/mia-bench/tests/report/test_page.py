"""The page stands alone, names every result and shows pictures with their masks."""

from __future__ import annotations

import base64
import io
from html.parser import HTMLParser

import numpy as np
from mia_bench.report import pictures
from PIL import Image


class Page(HTMLParser):
    """Counts of tags, and what their attributes point to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.links += [v for k, v in attrs if k in ("src", "href", "xlink:href") and v]

    def handle_data(self, data):
        self.text += data


def test_nothing_is_loaded_from_elsewhere(finished):
    page = Page((finished / "report.html").read_text())
    assert all(link.startswith(("#", "data:")) for link in page.links)
    assert not {"iframe", "object", "embed", "base"} & set(page.tags)


def test_every_result_has_a_row_and_a_gallery(finished):
    text = (finished / "report.html").read_text()
    page = Page(text)
    for dataset in ("braintumor", "brats2021"):
        assert f'href="#{dataset}--ae"' in text
        assert f'id="{dataset}--ae"' in text
    assert page.tags.count("img") == 2 * 2 * 16  # datasets, image and map, four of four kinds
    assert page.tags.count("svg") == 2 * 4  # ROC, PR, histogram, losses


def test_ids_cannot_write_into_the_page(finished, tmp_path):
    import shutil

    from mia_bench.gallery import Gallery
    from mia_bench.results import write_results

    out = tmp_path / "study"
    shutil.copytree(finished, out)
    path = out / "braintumor/ae/seed-0/gallery.npz"
    gallery = Gallery.load(path)
    evil = "<script>alert(1)</script>"
    fields = {**vars(gallery), "ids": np.array([evil] * len(gallery.ids))}
    Gallery(**fields).save(path)
    write_results(out)
    text = (out / "report.html").read_text()
    assert evil not in text
    assert "&lt;script&gt;" in text


def decode(uri: str) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(uri.split(",")[1]))))


def test_the_outline_lies_around_the_mask_and_hides_none_of_it():
    mask = np.zeros((32, 32), np.uint8)
    mask[8:16, 8:16] = 1
    scale = pictures.SIDE // 32
    shown = pictures.outlined(np.full((pictures.SIDE, pictures.SIDE, 3), 100, np.uint8), mask)
    green = (shown == pictures.OUTLINE).all(-1)
    assert not green[8 * scale : 16 * scale, 8 * scale : 16 * scale].any()
    assert green[8 * scale - 1, 8 * scale : 16 * scale].all()
    assert green.sum() == 4 * 8 * scale
    # On the page, compressed, its colour is not exact but as clear.
    shown = decode(pictures.picture(np.full((1, 32, 32), 100, np.uint8), mask)).astype(int)
    assert (shown[..., 1] - shown[..., 0])[green].min() > 60


def test_the_overlay_leaves_a_cold_image_as_it_is_and_covers_a_hot_spot():
    image = np.full((1, 128, 128), 100, np.uint8)
    heat = np.zeros((128, 128), np.float32)
    heat[60:68, 60:68] = 1
    shown = decode(pictures.overlay(image, heat, (0, 1))).astype(int)
    assert np.abs(shown[:40] - 100).max() <= 2
    assert (np.abs(shown[64, 64] - 100) > 40).any()
