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


def dialog(page):
    return page.locator("#lightbox")


def titles(page) -> list[str]:
    return [text.strip() for text in dialog(page).locator("figcaption").all_inner_texts()]


def test_a_press_enlarges_an_image_with_all_that_belongs_to_it(visit, study_page):
    page = visit(study_page)
    case = page.locator("details[open] .gallery .case").first
    assert not dialog(page).is_visible()
    case.locator(".open").click()
    assert dialog(page).is_visible()
    assert titles(page) == ["input", "reconstruction", "anomaly map", "mask"]
    assert case.get_attribute("data-id") in dialog(page).locator("h2").inner_text()
    score = float(case.get_attribute("data-score"))
    assert f"score {score:.4g}" in dialog(page).locator("#lightbox-text").inner_text()
    small, large = case.locator("img").first, dialog(page).locator("img").first
    assert large.get_attribute("src") == small.get_attribute("src")
    assert large.bounding_box()["width"] > 2 * small.bounding_box()["width"]
    mask = dialog(page).get_by_role("img", name="mask of what is abnormal")
    assert mask.bounding_box()["width"] > 100


def test_arrows_go_on_and_escape_leads_back_to_the_image(visit, study_page):
    page = visit(study_page)
    cases = page.locator("details[open] .gallery").first.locator(".case")
    cases.first.locator(".open").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowRight")
    second = cases.nth(1).get_attribute("data-id")
    assert second in dialog(page).locator("h2").inner_text()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    last = cases.last.get_attribute("data-id")
    assert last in dialog(page).locator("h2").inner_text()
    page.keyboard.press("Tab")  # the focus stays inside
    assert page.evaluate("document.activeElement.closest('dialog') !== null")
    page.keyboard.press("Escape")
    assert not dialog(page).is_visible()
    here = page.evaluate("document.activeElement.closest('.case').dataset.id")
    assert here == last


def test_the_same_image_is_shown_through_every_method(visit, study_page):
    page = visit(study_page)
    table = page.locator(".compare").first
    ids = [each.get_attribute("data-id") for each in table.locator("thead .case").all()]
    assert len(ids) == len(set(ids)) == 6
    for row in table.locator("tbody tr").all():
        assert [each.get_attribute("data-id") for each in row.locator(".case").all()] == ids
        assert row.locator("img").count() == 12  # reconstruction and map
    table.locator("tbody .open").first.click()
    assert titles(page)[:3] == ["input", "reconstruction", "anomaly map"]
    text = dialog(page).locator("#lightbox-text")
    methods = [each.inner_text() for each in table.locator("tbody th").all()]
    for method in [*methods, methods[0]]:
        assert text.inner_text().startswith(f"{method}, score ")
        assert "of the normal images score lower" in text.inner_text()
        assert ids[0] in dialog(page).locator("h2").inner_text()
        page.keyboard.press("ArrowDown")


def test_outlines_can_be_switched_off_everywhere(visit, study_page):
    page = visit(study_page)
    outlines = page.locator(".compare .outline:visible")
    assert outlines.count() > 0
    page.locator("input.outlines").first.uncheck()
    assert outlines.count() == 0
    page.locator(".compare tbody .open").first.click()
    assert not dialog(page).locator("#outlined").is_checked()
    dialog(page).locator("#outlined").check()
    page.keyboard.press("Escape")
    assert outlines.count() > 0


def test_columns_can_be_hidden_and_those_that_do_not_fit_are(visit, study_page):
    page = visit(study_page, viewport={"width": 1800, "height": 900})
    told = page.locator("#hidden-columns")
    assert told.inner_text() == ""
    page.locator(".columns summary").click()
    box = page.locator(".columns").get_by_label("AUPRO")
    assert box.is_checked()
    box.uncheck()
    assert told.inner_text() == "(1 hidden)"
    assert page.locator("#table th:visible", has_text="AUPRO").count() == 0
    box.check()
    assert page.locator("#table th:visible", has_text="AUPRO").count() == 1
    narrow = visit(study_page, viewport={"width": 1000, "height": 720})
    assert "hidden" in narrow.locator("#hidden-columns").inner_text()
    for name in ("AUROC", "pixel AP", "AUPRO"):  # only costs give way
        assert narrow.locator("#table th:visible", has_text=name).count() >= 1
    assert narrow.locator("#table th:visible", has_text="parameters").count() == 0


def test_a_method_leads_to_what_it_does_and_its_paper(visit, study_page):
    page = visit(study_page)
    page.locator(".matrix tbody th a", has_text="dae").first.click()
    assert page.evaluate("location.hash") == "#method--dae"
    facts = page.locator("[id='method--dae']")
    assert "removes coarse noise" in facts.inner_text()
    assert "Kascenas et al." in facts.inner_text()
    link = facts.get_by_role("link")
    assert link.get_attribute("href") == "https://proceedings.mlr.press/v172/kascenas22a.html"
    assert "250 epochs, 64 px, gray" in facts.inner_text()


def test_a_dataset_opens_with_images_counts_and_its_source(visit, study_page):
    page = visit(study_page)
    section = page.locator("#braintumor")
    assert section.locator(".strip img").count() == 8
    facts = section.locator(".facts").inner_text()
    assert "100 normal images to train on; 40 normal and 40 abnormal ones to test on" in facts
    assert "Nickparvar" in facts
    assert section.locator(".facts a").get_attribute("href").startswith("https://")


def test_the_page_can_be_printed(visit, study_page):
    page = visit(study_page, viewport={"width": 1000, "height": 1400})
    page.emulate_media(media="print", color_scheme="dark")
    background = page.evaluate("getComputedStyle(document.documentElement).colorScheme")
    assert background == "light"
    assert page.locator(".controls:visible, nav:visible").count() == 0
    assert page.locator("#table tbody tr:visible").count() == 6
    assert page.locator(".compare img:visible").count() > 0
    assert page.evaluate("document.documentElement.scrollWidth") <= 1000
    assert page.pdf().startswith(b"%PDF")


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
    block = page.locator("details.method").nth(1)
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
    for control in page.locator("main :is(input, select), #lightbox button, th button").all():
        name = control.evaluate(
            "e => e.ariaLabel || e.innerText || [...e.labels].map(l => l.textContent).join()"
        )
        assert name.strip()
    unnamed = "[...document.querySelectorAll('.open')].filter(e => !e.ariaLabel).length"
    assert page.evaluate(unnamed) == 0
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
    narrow = visit(study_page, viewport={"width": 480, "height": 720})
    room = narrow.locator(".wide:has(#table)")
    room.evaluate("box => box.scrollTo(box.scrollWidth, 0)")
    name = narrow.locator(f"{ROWS} td:nth-child(2)").first.bounding_box()
    assert name["x"] == room.bounding_box()["x"]


def test_a_link_leads_to_a_method_of_any_name(visit, made_up, tmp_path):
    made_up(tmp_path, ["rsna"], {"ae": 1.0, "50% <i>a b": 0.5}, seeds=(0,), size=16)
    page = visit(write_report(tmp_path).page)
    block = page.locator("details.method").nth(1)
    assert block.get_attribute("open") is None
    page.locator("#table tbody a").nth(1).click()
    page.wait_for_function("document.querySelectorAll('details.method')[1].open")
    assert block.locator("img").first.is_visible()


def test_a_reader_without_scripts_sees_everything(visit, study_page):
    page = visit(study_page, java_script_enabled=False)
    assert page.locator(f"{ROWS}:visible").count() == 6
    assert page.locator("details[open] img").first.is_visible()
    assert not page.locator(".columns").is_visible()  # nothing that does nothing
