"""A real headless Chromium, and the two kinds of pages to open in it."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

if TYPE_CHECKING:
    from pathlib import Path

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
# A container has neither a sandbox nor a GPU to offer.
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage")


@pytest.fixture(scope="session")
def browser():
    """Chromium, driven by Playwright; skipped where one of them is not installed."""
    reason = "Playwright is not installed: run nox -s browser"
    playwright = pytest.importorskip("playwright.sync_api", reason=reason)
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        pytest.skip(f"none of {', '.join(PROGRAMS)} is installed")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture
def visit(browser):
    """Open a page from disk; at the end it has not complained, nor asked for anything else."""
    contexts, complaints, requests = [], [], []

    def visit(path: Path, fragment: str = "", **options):
        context = browser.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: requests.append(request.url))
        page.goto(path.as_uri() + fragment)
        return page

    yield visit
    for context in contexts:
        context.close()
    assert complaints == []
    opened = [url for url in requests if not url.startswith("data:")]
    assert len(opened) == len(contexts), opened
    assert all(url.startswith("file://") for url in opened)


@pytest.fixture(scope="session")
def study_page(tmp_path_factory, made_up) -> Path:
    """The page of two datasets by three methods by two seeds, and of a run that failed.

    One dataset has pixel metrics too.
    """
    from mia_bench.files import write_json
    from mia_bench.report.write import write_report
    from mia_bench.run_folder.folder import RunFolder

    out = tmp_path_factory.mktemp("browser") / "study"
    made_up(out, ["brats2021", "braintumor"], {"ae": 0.5, "vae": 2.0, "dae": 1.0}, seeds=(0, 1))
    for path in out.glob("brats2021/*/*/run.json"):
        result = json.loads(path.read_text())
        pixel = ("pixel_auroc", "pixel_ap", "best_dice", "aupro")
        result["metrics"] |= dict.fromkeys(pixel, 0.5 + result["settings"]["seed"] / 10)
        write_json(path, result)
    write_json(RunFolder(out / "brats2021/nsa/seed-0").failure, {"error": "out of memory"})
    return write_report(out).page


@pytest.fixture(scope="session")
def own_page(tmp_path_factory) -> Path:
    """The page of 6 normal images and 6 with a bright square, scored by a small autoencoder."""
    import mia_bench

    folder = tmp_path_factory.mktemp("browser") / "own"
    rng = np.random.default_rng(0)
    for name, count, lesion in (("normal", 40, 0), ("new", 6, 0), ("new", 6, 130)):
        (folder / name).mkdir(parents=True, exist_ok=True)
        for i in range(count):
            image = rng.normal(90, 5, (40, 56))
            image[10:20, 20:30] += lesion
            pixels = image.clip(0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{lesion:03}-{i}.png")
    (folder / "new" / "broken.png").write_text("no image")
    options = {"batch_size": 8, "width": 4, "hidden": 32, "latent": 4, "learning_rate": 3e-3}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MIA_CACHE_DIR", str(tmp_path_factory.getbasetemp() / "cache"))
        mia_bench.fit(
            images=folder / "normal",
            method="ae",
            model=folder / "model",
            image_size=32,
            epochs=20,
            device="cpu",
            options=options,
        )
        mia_bench.score(model=folder / "model", images=folder / "new", out=folder / "out")
    return folder / "out" / "report.html"


@pytest.fixture(scope="session")
def contrast():
    """The contrast of an element's text to what lies behind it, as WCAG defines it: 1 to 21."""
    script = """element => {
      const parse = (text) => text.match(/[\\d.]+/g).map(Number);
      const curve = (v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
      const linear = (v) => curve(v / 255);
      const light = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
      let behind = element;
      const opaque = (e) => (parse(getComputedStyle(e).backgroundColor)[3] ?? 1) > 0;
      while (behind.parentElement && !opaque(behind)) behind = behind.parentElement;
      const both = [getComputedStyle(element).color, getComputedStyle(behind).backgroundColor];
      const [low, high] = both.map((color) => light(parse(color))).sort((a, b) => a - b);
      return (high + 0.05) / (low + 0.05);
    }"""
    return lambda locator: locator.evaluate(script)
