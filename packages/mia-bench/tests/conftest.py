"""Small datasets in the study's layouts, and finished studies of them."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

# Half a minute and more of a processor each.
LONGEST = ("test_own_methods.py", "test_ray.py", "test_interrupted.py", "test_local.py")


def draw(rng: np.random.Generator, lesion: bool) -> tuple[np.ndarray, np.ndarray]:
    """A noisy gray disk of 48 px, with a bright square where it has a lesion; and the mask."""
    y, x = np.mgrid[:48, :48] - 23.5
    image = 90.0 * (np.hypot(x, y) < 20) + rng.normal(0, 6, (48, 48))
    mask = np.zeros((48, 48), np.uint8)
    if lesion:
        top, left = rng.integers(12, 28, 2)
        mask[top : top + 8, left : left + 8] = 255
        image[mask > 0] += 120
    return image.clip(0, 255).astype(np.uint8), mask


@pytest.fixture(scope="session")
def root(tmp_path_factory: pytest.TempPathFactory):
    """A root with BrainTumor (json layout, no masks) and BraTS2021 (folders, masks)."""
    root = tmp_path_factory.mktemp("data")
    rng = np.random.default_rng(0)
    images = root / "BrainTumor" / "images"
    images.mkdir(parents=True)
    names: dict[str, list[str]] = {}
    for group, count, lesion in (("train", 40, False), ("normal", 12, False), ("tumor", 12, True)):
        names[group] = [f"{group}_{i:02}.png" for i in range(count)]
        for name in names[group]:
            Image.fromarray(draw(rng, lesion)[0]).save(images / name)
    table = {"train": {"0": names["train"]}, "test": {"0": names["normal"], "1": names["tumor"]}}
    (root / "BrainTumor" / "data.json").write_text(json.dumps(table))
    for folder, count, lesion in (
        ("train", 40, False),
        ("test/normal", 12, False),
        ("test/tumor", 12, True),
    ):
        (root / "BraTS2021" / folder).mkdir(parents=True)
        (root / "BraTS2021" / "test" / "annotation").mkdir(exist_ok=True, parents=True)
        for i in range(count):
            image, mask = draw(rng, lesion)
            name = f"{folder.replace('/', '_')}_{i:02}_flair.png"
            Image.fromarray(image).save(root / "BraTS2021" / folder / name)
            if lesion:
                mask_path = root / "BraTS2021/test/annotation" / name.replace("flair", "seg")
                Image.fromarray(mask).save(mask_path)
    return root


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Decoded images go to a folder of the tests, shared by all of them."""
    cache = tmp_path_factory.getbasetemp() / "cache"
    monkeypatch.setenv("MIA_CACHE_DIR", str(cache))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")  # networks this small gain nothing from more
    monkeypatch.delenv("MIA_DATA_ROOT", raising=False)


@pytest.fixture(scope="session")
def mia_bench():
    """Call the command line in this process, where PyTorch is loaded already.

    Its stderr has what that of a process would have: warnings, which the command line prints by
    itself, and records of loggers, which pytest would keep from Python's handler of last resort.
    """
    from mia_bench.cli import main

    def call(*arguments: object) -> subprocess.CompletedProcess[str]:
        words = list(map(str, arguments))
        out, err = io.StringIO(), io.StringIO()
        last_resort = logging.StreamHandler(err)
        last_resort.setLevel(logging.WARNING)
        logging.getLogger().addHandler(last_resort)
        try:
            with (
                contextlib.redirect_stdout(out),
                contextlib.redirect_stderr(err),
                pytest.raises(SystemExit) as end,
            ):
                main(words)
        finally:
            logging.getLogger().removeHandler(last_resort)
        return subprocess.CompletedProcess(words, end.value.code, out.getvalue(), err.getvalue())

    return call


@pytest.fixture(scope="session")
def mia_bench_process():
    """Call the command line in a process of its own."""

    def call(*arguments: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "mia_bench", *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    return call


@pytest.fixture(scope="session")
def finished(root, mia_bench, tmp_path_factory: pytest.TempPathFactory):
    """The folder of a finished study: two datasets by one method by two seeds."""
    out = tmp_path_factory.mktemp("finished") / "study"
    words = ("--datasets", "braintumor,brats2021", "--methods", "ae", "--seeds", "0,1")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MIA_CACHE_DIR", str(tmp_path_factory.getbasetemp() / "cache"))
        patch.setenv("OMP_NUM_THREADS", "1")
        command = ("run", "--root", root, "--out", out, *words, "--epochs", 3, "--device", "cpu")
        result = mia_bench(*command)
    assert result.returncode == 0, result.stderr
    return out


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--slow`` runs what takes minutes too; ``--screenshots`` writes pictures of the pages."""
    parser.addoption("--slow", action="store_true", help="run the tests that take minutes too")
    parser.addoption("--screenshots", metavar="DIR", help="write screenshots of the pages")
    parser.addoption("--study", metavar="DIR", help="the study that screenshots are of")
    parser.addoption("--scored", metavar="DIR", help="the scored images that screenshots are of")


def pytest_configure(config: pytest.Config) -> None:
    """Name the marks of these tests."""
    config.addinivalue_line("markers", "slow: takes minutes; run with --slow")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip what takes minutes unless it is asked for; begin with the longest files.

    No worker is left with one of these when the others have nothing to do any more.
    """
    items.sort(key=lambda item: not item.path.as_posix().endswith(LONGEST))
    if not config.getoption("--slow"):
        for item in items:
            if "slow" in item.keywords:
                item.add_marker(pytest.mark.skip(reason="takes minutes; run with --slow"))


@pytest.fixture(scope="session")
def made_up():
    """Write the folders of finished runs with made-up scores, as the real ones without training.

    ``strengths``: how far a method's scores of abnormal images lie above those of normal ones.
    ``pixels``: how many resamples of maps, whose lesions stand out as much; 0: no maps. All methods
    but ``nsa`` reconstruct images: darker.
    """
    from types import SimpleNamespace

    import mia_metrics
    from mia_bench.execution.evaluate import write_outputs
    from mia_bench.files import write_json
    from mia_bench.run_folder.folder import RunFolder

    def write(
        out, datasets, strengths, *, seeds=(0, 1, 2), images=(40, 40), size=32, epochs=250, pixels=0
    ):
        for dataset in datasets:
            rng = np.random.default_rng(sum(map(ord, dataset)))
            labels = np.repeat([0, 1], images)
            ids = [f"image-{i:04}" for i in range(len(labels))]
            hard = rng.standard_normal(len(labels))  # what all methods see in an image
            pictures = rng.integers(0, 255, (len(labels), 1, size, size), dtype=np.uint8)
            masks = np.zeros((len(labels), size, size), np.uint8)
            masks[labels == 1, 8:16, 8:20] = 1
            test = SimpleNamespace(ids=ids, labels=labels, images=pictures, masks=masks)
            for number, (method, strength) in enumerate(strengths.items()):
                for seed in seeds:
                    own = np.random.default_rng([seed, number]).standard_normal((2, len(labels)))
                    scores = hard + own[0] + strength * labels
                    scores = scores.astype(np.float32)
                    folder = RunFolder(out / dataset / method / f"seed-{seed}")
                    maps, found = pictures[:, 0].astype(np.float32) / 255 + masks, None
                    written = result(dataset, method, seed, labels, scores, epochs)
                    if pixels:
                        noise = np.random.default_rng([seed, number, 1]).normal(size=masks.shape)
                        maps = (noise + strength * masks).astype(np.float32)
                        found = mia_metrics.bootstrap_pixels(masks, maps, n_resamples=pixels)
                        written["metrics"] |= found.estimates
                    prediction = SimpleNamespace(score=scores, map=maps)
                    darker = None if method == "nsa" else lambda images: 0.8 * images / 255
                    folder.path.mkdir(parents=True, exist_ok=True)
                    write_outputs(folder, dataset, test, prediction, found, darker)
                    if not pixels:  # as for a dataset without masks, of which no more is kept
                        folder.maps.unlink()
                    write_json(folder.result, written)

    def result(dataset, method, seed, labels, scores, epochs):
        losses = [{"epoch": epoch, "loss": 1 / epoch} for epoch in range(1, epochs + 1)]
        return {
            "format": 1,
            "settings": {
                **{"dataset": dataset, "label": method, "method": method, "seed": seed},
                **{"epochs": epochs, "image_size": 64, "channels": 1, "resize": "squash"},
                "options": {},
            },
            "metrics": mia_metrics.image_metrics(labels, scores),
            "intervals": {},
            "images": {"train": 100, "test": len(labels)},
            "losses": losses,
            "seconds": {"load": 1.0, "fit": 60.0 + seed, "predict": 2.0, "metrics": 0.5},
            "peak_memory": {"cpu": 2**30, "cuda": 2**31},
            "parameters": 2_351_184,
            "machine": {"device": "cuda", "name": "a GPU", "threads": 4},
            "finished": "2025-01-01T00:00:00Z",
        }

    return write
