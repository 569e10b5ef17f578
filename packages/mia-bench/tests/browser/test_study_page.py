"""The page of a study in a real browser: what a reader presses does what it says."""

from __future__ import annotations

import pytest
from mia_bench.report.write import write_report

ROWS = "#table tbody tr"


def column(page, number: int) -> list[str]:
    """The texts of a column's cells that are shown, from the top."""
    rows = page.locator(f"{ROWS}:visible td:nth-child({number})")
    return [text.strip() for text in rows.all_inner_texts()]


def aurocs(page) -> list[float]:
    cells = page.locator(f"{ROWS} td:nth-child(4)")
    return [float(cell.get_attribute("data-value")) for cell in cells.all()]


def heading(page, number: int):
    return page.locator(f"#table thead th:nth-child({number})")


def test_the_leaderboard_sorts_by_the_heading_that_is_pressed_and_back(visit, study_page):
    page = visit(study_page)
    auroc = heading(page, 4)
    auroc.get_by_role("button").click()
    assert auroc.get_attribute("aria-sort") == "descending"
    assert aurocs(page) == sorted(aurocs(page), reverse=True)
    auroc.get_by_role("button").click()
    assert auroc.get_attribute("aria-sort") == "ascending"
    assert aurocs(page) == sorted(aurocs(page))
    heading(page, 2).get_by_role("button").click()
    assert column(page, 2) == ["ae", "ae", "dae", "dae", "vae", "vae"]
    assert auroc.get_attribute("aria-sort") is None


def test_the_filter_leaves_the_rows_that_match_and_counts_them(visit, study_page):
    page = visit(study_page)
    page.locator("#filter").fill("VAE")
    assert column(page, 2) == ["vae", "vae"]
    assert page.locator("#shown").inner_text() == "2 of 6 rows"
    page.locator("#filter").fill("brats2021 d")
    assert list(zip(column(page, 1), column(page, 2), strict=True)) == [("brats2021", "dae")]
    page.locator("#filter").fill("")
    assert len(column(page, 2)) == 6
    assert page.locator("#shown").inner_text() == ""


def test_the_slider_flags_what_scores_at_least_its_threshold(visit, study_page):
    page = visit(study_page)
    gallery = page.locator("details[open] .gallery").first
    slider, told = gallery.locator("input[type=range]"), gallery.locator("output")
    scores = [float(case.get_attribute("data-score")) for case in gallery.locator(".case").all()]
    assert len(scores) == 16
    levels = slider.evaluate("element => JSON.parse(element.dataset.levels)")
    for position in (0, 30, 50, 85, 100):
        slider.fill(str(position))
        threshold = levels["threshold"][position]
        flagged = gallery.locator(".case.flagged")
        assert flagged.count() == sum(score >= threshold for score in scores)
        assert flagged.locator(".flag:visible").count() == flagged.count()
        assert f"{100 * levels['hits'][position]:.1f} % of the abnormal" in told.inner_text()
    assert gallery.locator(".case:not(.flagged) .flag:visible").count() == 0


def test_everything_can_be_done_with_the_keyboard(visit, study_page):
    page = visit(study_page)
    heading(page, 4).get_by_role("button").focus()
    page.keyboard.press("Enter")
    assert heading(page, 4).get_attribute("aria-sort") == "descending"
    page.keyboard.press("Space")
    assert heading(page, 4).get_attribute("aria-sort") == "ascending"
    page.locator("#filter").focus()
    page.keyboard.type("dae")
    assert column(page, 2) == ["dae", "dae"]
    block = page.locator("details").nth(1)
    assert block.get_attribute("open") is None
    block.locator("summary").focus()
    page.keyboard.press("Enter")
    assert block.get_attribute("open") is not None
    slider, told = block.locator("input[type=range]"), block.locator("output")
    slider.focus()
    before = told.inner_text()
    page.keyboard.press("End")
    assert slider.input_value() == "100"
    assert told.inner_text() != before


def test_tab_reaches_every_control_and_shows_where_it_is(visit, study_page):
    page = visit(study_page)
    expected = page.locator(
        "a[href]:visible, button:visible, input:visible, select:visible, summary:visible"
    ).count()
    reached, unseen = 0, []
    for _ in range(3 * expected):
        page.keyboard.press("Tab")
        here = page.evaluate(
            """() => {
              const element = document.activeElement;
              if (element === document.body) return null;
              const style = getComputedStyle(element);
              const ring = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
              return [element.tagName, ring];
            }"""
        )
        if here is None:
            break
        reached += here[0] in ("A", "BUTTON", "INPUT", "SELECT", "SUMMARY")
        if not here[1]:
            unseen.append(here[0])
    assert reached == expected
    assert unseen == []


def test_a_link_to_a_method_opens_its_block(visit, study_page):
    page = visit(study_page)
    block = page.locator('[id="brats2021--ae"]')
    assert block.get_attribute("open") is None
    page.locator('#table a[href="#brats2021--ae"]').click()
    page.wait_for_function("document.getElementById('brats2021--ae').open")
    assert block.locator("img").first.is_visible()
    linked = visit(study_page, "#brats2021--ae")
    linked.wait_for_function("document.getElementById('brats2021--ae').open")
    assert linked.locator('[id="brats2021--ae"] img').first.is_visible()


def test_every_picture_and_control_has_a_text(visit, study_page):
    page = visit(study_page)
    assert page.locator("img:not([alt]), img[alt='']").count() == 0
    nameless = "figure[role=img]:not([aria-label]), figure[role=img][aria-label='']"
    assert page.locator(nameless).count() == 0
    for control in page.locator("input, select, button").all():
        name = control.evaluate(
            "e => e.ariaLabel || e.innerText || [...e.labels].map(l => l.textContent).join()"
        )
        assert name.strip()
    assert page.locator("html").get_attribute("lang") == "en"
    assert "out of memory" in page.locator("#leaderboard").inner_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_is_readable_in_light_and_dark(visit, study_page, contrast, scheme):
    page = visit(study_page, color_scheme=scheme)
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    level = int(background.split("(")[1].split(",")[0])
    assert level > 200 if scheme == "light" else level < 60
    for kind in ("h1", "#table td", "#table th button", "nav a", ".note", "summary", "output"):
        assert contrast(page.locator(kind).first) >= 4.5, kind


def test_a_laptop_and_a_phone_show_all_without_scrolling_sideways(visit, study_page):
    for width, height in ((1280, 720), (390, 844)):
        page = visit(study_page, viewport={"width": width, "height": height})
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_laptop_shows_the_whole_leaderboard_and_a_phone_whose_row_it_is(visit, study_page):
    wide = visit(study_page, viewport={"width": 1280, "height": 720})
    room = wide.locator(".wide:has(#table)")
    assert room.evaluate("box => box.scrollWidth <= box.clientWidth")
    narrow = visit(study_page, viewport={"width": 700, "height": 720})
    room = narrow.locator(".wide:has(#table)")
    room.evaluate("box => box.scrollTo(box.scrollWidth, 0)")
    name = narrow.locator(f"{ROWS} td:nth-child(2)").first.bounding_box()
    assert name["x"] == room.bounding_box()["x"]


def test_a_link_leads_to_a_method_of_any_name(visit, made_up, tmp_path):
    made_up(tmp_path, ["rsna"], {"ae": 1.0, "50% <i>a b": 0.5}, seeds=(0,), size=16)
    page = visit(write_report(tmp_path).page)
    block = page.locator("details").nth(1)
    assert block.get_attribute("open") is None
    page.locator("#table tbody a").nth(1).click()
    page.wait_for_function("document.querySelectorAll('details')[1].open")
    assert block.locator("img").first.is_visible()


def test_a_reader_without_scripts_sees_everything(visit, study_page):
    page = visit(study_page, java_script_enabled=False)
    assert page.locator(f"{ROWS}:visible").count() == 6
    assert page.locator("details[open] img").first.is_visible()
