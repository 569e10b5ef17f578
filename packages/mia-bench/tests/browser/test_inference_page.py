"""The page of scored images in a real browser."""

from __future__ import annotations

import pytest


def test_the_slider_flags_what_scores_at_least_its_threshold(visit, own_page):
    page = visit(own_page)
    cases, slider = page.locator(".case"), page.locator("input[type=range]")
    told = page.locator("output")
    scores = [float(case.get_attribute("data-score")) for case in cases.all()]
    assert len(scores) == 12
    levels = slider.evaluate("element => JSON.parse(element.dataset.levels)")
    for position in range(0, len(levels["share"]), 10):
        slider.fill(str(position))
        # Scores on the page have fewer digits than the threshold that a score may be equal to.
        flagged = page.locator(".case.flagged").count()
        assert flagged == sum(score >= levels["threshold"][position] for score in scores)
        assert f"flags {levels['flagged'][position]} images" in told.inner_text()


def test_the_keyboard_moves_the_threshold(visit, own_page):
    page = visit(own_page)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('href')") == "#broken"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.type") == "range"
    page.keyboard.press("Home")
    few = page.locator(".case.flagged").count()
    page.keyboard.press("End")
    many = page.locator(".case.flagged").count()
    assert {few, many} & {12} or few != many
    assert page.locator("output").get_attribute("role") == "status"


def test_every_picture_has_a_text_and_broken_files_are_named(visit, own_page):
    page = visit(own_page)
    assert page.locator("img").count() == 36  # image, reconstruction and map
    assert page.locator("img:not([alt]), img[alt='']").count() == 0
    assert "broken.png" in page.locator("#broken").inner_text()
    loaded = page.evaluate("[...document.images].every(i => i.complete && i.naturalWidth > 0)")
    assert loaded


def test_the_gallery_takes_the_whole_width(visit, own_page):
    page = visit(own_page, viewport={"width": 1280, "height": 900})
    row = page.locator(".row").bounding_box()
    boxes = [case.bounding_box() for case in page.locator(".case").all()]
    first = [box for box in boxes if box["y"] == boxes[0]["y"]]
    assert len(first) >= 3
    right = max(box["x"] + box["width"] for box in first)
    assert right == pytest.approx(row["x"] + row["width"], abs=2)


def test_a_press_enlarges_an_image_and_outlines_can_be_switched_off(visit, own_page):
    page = visit(own_page)
    assert page.locator(".row .outline:visible").count() > 0
    page.locator("main input.outlines").uncheck()
    assert page.locator(".row .outline:visible").count() == 0
    page.locator("main input.outlines").check()
    page.locator(".open").first.click()
    dialog = page.locator("#lightbox")
    captions = dialog.locator("figcaption").all_inner_texts()
    assert captions == ["input", "reconstruction", "anomaly map"]  # an outline is no mask
    text = dialog.locator("#lightbox-text").inner_text()
    assert "higher than all" in text
    assert "normal held-out images" in text
    before = dialog.locator("h2").inner_text()
    page.keyboard.press("ArrowRight")
    assert dialog.locator("h2").inner_text() != before
    page.keyboard.press("Escape")
    assert not dialog.is_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_is_readable_in_light_and_dark(visit, own_page, contrast, scheme):
    page = visit(own_page, color_scheme=scheme)
    for kind in ("h1", "header p", "header a", "output", "figcaption", "footer"):
        assert contrast(page.locator(kind).first) >= 4.5, kind


def test_a_laptop_and_a_phone_show_all_without_scrolling_sideways(visit, own_page):
    for width, height in ((1280, 720), (390, 844)):
        page = visit(own_page, viewport={"width": width, "height": height})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
