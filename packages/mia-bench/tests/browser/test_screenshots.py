"""Screenshots for the documentation: ``nox -s browser -- --screenshots docs/images``.

They are of the embedded study and of drawn images, or of the folders that ``--study`` and
``--scored`` name.
"""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image

WIDTHS = {1440: 900, 480: 900}  # and heights
MAX_BYTES = 300_000
COLORS = (256, 128, 64, 32)


@pytest.fixture(scope="session")
def folder(pytestconfig) -> Path:
    """The folder that ``--screenshots`` names."""
    chosen = pytestconfig.getoption("--screenshots")
    if chosen is None:
        pytest.skip("screenshots are made where --screenshots names a folder")
    path = Path(pytestconfig.invocation_params.dir, chosen)
    path.mkdir(parents=True, exist_ok=True)
    return path


@pytest.fixture(scope="session")
def study(folder, pytestconfig, mia_bench_process, tmp_path_factory) -> Path:
    """The page of a study."""
    chosen = pytestconfig.getoption("--study")
    if chosen is not None:
        return Path(pytestconfig.invocation_params.dir, chosen, "report.html").resolve()
    out = tmp_path_factory.mktemp("shown") / "mia-results"
    told = mia_bench_process("run", "--out", out, "--device", "cpu")
    assert told.returncode == 0, told.stderr
    return out / "report.html"


@pytest.fixture(scope="session")
def scored(folder, pytestconfig, mia_bench_process, tmp_path_factory) -> Path:
    """The page of scored images: drawn slices, half of them with lesions."""
    chosen = pytestconfig.getoption("--scored")
    if chosen is not None:
        return Path(pytestconfig.invocation_params.dir, chosen, "report.html").resolve()
    import mia_data

    base = tmp_path_factory.mktemp("scored")
    for name, split, step in (("normal", "train", 2), ("new", "test", 3)):
        (base / name).mkdir()
        images = mia_data.load("phantom", split, size=128)
        for i in range(0, len(images), step):
            Image.fromarray(images.images[i, 0]).save(base / name / f"{images.ids[i]}.png")
    model = "--model", base / "model"
    for command in (("fit", "--images", base / "normal"), ("score", "--images", base / "new")):
        out = () if command[0] == "fit" else ("--out", base / "results")
        told = mia_bench_process(*command, *model, *out, "--device", "cpu")
        assert told.returncode == 0, told.stderr
    return base / "results" / "report.html"


def save(picture: bytes, path: Path) -> None:
    """Write a picture with as many colors as fit."""
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    for count in COLORS:
        buffer = io.BytesIO()
        image.quantize(count, kmeans=2, dither=Image.Dither.NONE).save(buffer, "PNG", optimize=True)
        if buffer.tell() < MAX_BYTES:
            break
    path.write_bytes(buffer.getvalue())


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("part", ["study", "images", "own"])
def test_screenshots(folder, request, visit, part, width, scheme):
    path = request.getfixturevalue("scored" if part == "own" else "study")
    page = visit(path, viewport={"width": width, "height": WIDTHS[width]}, color_scheme=scheme)
    if part == "images":
        page.locator(".compare").last.evaluate("element => element.scrollIntoView()")
    target = folder / f"page-{part}-{scheme}-{width}.png"
    save(page.screenshot(), target)
    assert target.stat().st_size < MAX_BYTES
    assert Image.open(target).size == (width, WIDTHS[width])
