"""Datasets of other packages are loaded by name; a broken one is named and left out."""

from __future__ import annotations

import warnings

import mia_data
import numpy as np
import pytest
from mia_data import plugins
from mia_data.cli import main

GOOD = """
import numpy as np
from mia_data import Counts, DatasetInfo, ImageSet

DATASETS = {
    name: DatasetInfo(name=name, title="stripes", modality="drawn", counts=Counts(4, 2, 2))
    for name in ("stripes", "dots")
}
CHANGE = {}

def load(name, split, *, root, size, channels, resize, resample, cache_dir):
    n = 4
    parts = dict(
        images=np.full((n, channels, size, size), 9, np.uint8),
        labels=np.array([0] * n if split == "train" else [0, 0, 1, 1]),
        masks=None,
        ids=tuple(f"{root}/{i}" for i in range(n)),
    )
    return ImageSet(name=name, split=split, **{**parts, **CHANGE})
"""


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Put a module on the path that registers datasets, as an installed package does."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def put(name: str, text: str) -> None:
        (tmp_path / f"{name}.py").write_text(text)
        record = tmp_path / f"{name}-1.0.dist-info"
        record.mkdir()
        (record / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (record / "entry_points.txt").write_text(f"[mia.datasets]\n{name} = {name}\n")
        monkeypatch.delitem(__import__("sys").modules, name, raising=False)
        plugins.plugged_in.cache_clear()

    yield put
    plugins.plugged_in.cache_clear()


def test_a_plug_in_s_dataset_is_loaded_by_its_name(install):
    install("plugged_good", GOOD)
    assert mia_data.names()[-2:] == ["stripes", "dots"]
    assert mia_data.info("stripes").counts.train_normal == 4
    found = mia_data.load("stripes", "test", root="here", size=8)
    assert found.images.shape == (4, 1, 8, 8)
    assert found.ids == ("here/0", "here/1", "here/2", "here/3")
    assert mia_data.load("dots", "train", size=8, channels=3).images.shape == (4, 3, 8, 8)


def test_the_arguments_are_checked_before_the_plug_in_is_asked(install):
    install("plugged_strict", GOOD)
    with pytest.raises(mia_data.DataError, match="expected size to be a whole number"):
        mia_data.load("stripes", "test", size=0)
    with pytest.raises(mia_data.DataError, match="plugged_strict', which has no allow_damaged"):
        mia_data.load("stripes", "test", allow_damaged=True)
    with pytest.raises(mia_data.UnknownNameError, match="unknown split 'val'"):
        mia_data.load("stripes", "val")
    with pytest.raises(mia_data.UnknownNameError, match="did you mean 'stripes'"):
        mia_data.load("stripe", "test")


BROKEN = {
    "raises": ("1 / 0", "ZeroDivisionError: division by zero"),
    "exits": ("import sys; sys.exit(3)", "SystemExit: 3"),
    "lacks": ("load = print", "AttributeError: .* no attribute 'DATASETS'"),
    "records": ("DATASETS = {'x': 3}; load = print", r"expected DATASETS\['x'\] to be a mia_data"),
    "climbs": (GOOD.replace('"dots"', '"../dots"'), "expected the dataset's name to be lower-case"),
    "unloadable": (GOOD + "\nload = 3\n", "expected load to be a function, got 3"),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_plug_in_is_named_in_one_line_and_left_out(install, kind):
    text, message = BROKEN[kind]
    install(f"plugged_{kind}", text)
    install("plugged_other", GOOD)
    expected = f"^plug-in 'plugged_{kind}' of mia.datasets is left out: {message}"
    with pytest.warns(UserWarning, match=expected) as said:
        names = mia_data.names()
    assert names[-2:] == ["stripes", "dots"]
    assert "\n" not in str(said[0].message)


def test_a_name_that_is_taken_stays_with_who_has_it(install):
    install("plugged_thief", GOOD.replace('"dots"', '"phantom"'))
    with pytest.warns(UserWarning, match="'phantom' of plug-in 'plugged_thief' is left out"):
        assert mia_data.names().count("phantom") == 1
    assert mia_data.info("phantom").homepage == "part of mia-data"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"images": np.zeros((4, 1, 8, 8), np.float32)}, "expected images to be uint8"),
        (
            {"images": np.zeros((4, 1, 9, 9), np.uint8)},
            r".*\(4, 1, 8, 8\), got uint8 \(4, 1, 9, 9\)",
        ),
        ({"labels": np.array([0, 0, 0, 0])}, r"expected labels to be \[0, 1\].*got \[0\]"),
        ({"masks": np.full((4, 8, 8), 255, np.uint8)}, "expected masks to be 0 and 1"),
        ({"ids": ("a",) * 4}, "expected ids to be 4 different ones, got 1 different of 4"),
    ],
)
def test_what_a_plug_in_gives_is_checked(install, change, message):
    install("plugged_wrong", GOOD)
    import plugged_wrong

    plugged_wrong.CHANGE.update(change)
    expected = f"^stripes/test of plug-in 'plugged_wrong': {message}"
    with pytest.raises(mia_data.DataError, match=expected):
        mia_data.load("stripes", "test", size=8)


def test_its_files_are_the_plug_in_s_own(install):
    install("plugged_files", GOOD)
    for action in (mia_data.verify, mia_data.download):
        with pytest.raises(mia_data.DataError, match="comes with the plug-in 'plugged_files'"):
            action("stripes")


def test_the_command_line_lists_it(install, capsys):
    install("plugged_listed", GOOD)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        main(["list"])
    assert "stripes" in capsys.readouterr().out
