"""The method of docs/new-method.md: one new file and one line."""

from __future__ import annotations

import re
import types
from pathlib import Path

import mia_recon
import numpy as np
import pytest
from mia_recon import registry

PAGE = Path(__file__).resolve().parents[3] / "docs" / "new-method.md"


@pytest.fixture
def blocks():
    if not PAGE.is_file():
        pytest.skip("the documentation is not beside the tests")
    return re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


@pytest.fixture
def documented(blocks, monkeypatch):
    """The page's file as a module, registered by the page's line."""
    module = types.ModuleType("ae_edges")
    # Dataclasses look their module up to understand its annotations.
    monkeypatch.setitem(__import__("sys").modules, "ae_edges", module)
    exec(compile(blocks[0], "ae_edges.py", "exec"), module.__dict__)
    # The line adds to the one registry that all modules share; the test takes it out again.
    exec(blocks[1], {"RECORDS": registry.RECORDS, "ae_edges": module})
    yield module
    del registry.RECORDS["ae-edges"]


def test_the_file_is_under_a_hundred_lines(blocks):
    assert len(blocks[0].splitlines()) < 100


def test_the_documented_method_trains_scores_and_comes_back(documented, images, tmp_path):
    options = {"latent": 4, "width": 4, "hidden": 32, "image_size": 32, "batch_size": 8}
    detector = mia_recon.build("ae-edges", edge_weight=0.5, **options)
    detector.fit(images, epochs=12, device="cpu")
    assert detector.history[-1]["loss"] < 0.9 * detector.history[0]["loss"]
    prediction = detector.predict(images, device="cpu")
    error = (images / 255 - detector.reconstruct(images, device="cpu"))[:, 0] * 2
    padded = np.pad(error, ((0, 0), (0, 1), (0, 1)), mode="edge")
    edges = np.diff(padded, axis=2)[:, :-1] ** 2 + np.diff(padded, axis=1)[:, :, :-1] ** 2
    np.testing.assert_allclose(prediction.map, error**2 + 0.5 * edges, rtol=0, atol=1e-4)
    detector.save(tmp_path / "model")
    loaded = mia_recon.load(tmp_path / "model")
    np.testing.assert_array_equal(loaded.predict(images, device="cpu").score, prediction.score)


def test_its_options_are_checked_as_those_of_the_others(documented):
    with pytest.raises(ValueError, match=r"edge_weigth.*did you mean 'edge_weight'"):
        mia_recon.build("ae-edges", edge_weigth=1.0)
