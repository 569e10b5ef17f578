"""Study files are read to the letter, and what has no meaning in them is refused by name."""

from __future__ import annotations

from pathlib import Path

import pytest
from mia_bench.errors import StudyError
from mia_bench.run_folder.data_record import DataSource
from mia_bench.run_folder.reading import Reading
from mia_bench.study.study import DatasetEntry, MethodEntry
from mia_bench.study.study_file import DEFAULT, parse_study, read_study

GOOD = {
    "seeds": [0, 3],
    "metrics": ["auroc", "pixel_ap"],
    "datasets": {"rsna": {"root": "/data", "image_size": 128}, "phantom": {}},
    "methods": {"ae": {}, "wide": {"method": "ae", "epochs": 5, "options": {"width": 32}}},
}


def test_every_key_reaches_the_study():
    study = parse_study(GOOD, name="mine")
    assert study.seeds == (0, 3)
    assert study.metrics == ("auroc", "pixel_ap")
    assert study.datasets == (
        DatasetEntry(name="rsna", root="/data", image_size=128),
        DatasetEntry(name="phantom"),
    )
    assert study.methods == (
        MethodEntry(label="ae", method="ae"),
        MethodEntry(label="wide", method="ae", epochs=5, options={"width": 32}),
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sedes": [1]}, "unknown key of the study 'sedes'; did you mean 'seeds'?"),
        ({"seeds": []}, r"expected seeds to be a list of whole numbers from 0, got \[\]"),
        ({"seeds": [-1]}, r"got \[-1\]"),
        ({"seeds": [True]}, r"got \[True\]"),
        ({"methods": {"ae": {"epoch": 3}}}, "unknown key of methods.ae 'epoch'; did you mean"),
        (
            {"methods": {"ae": {"epochs": "3"}}},
            "expected methods.ae.epochs to be a whole number",
        ),
        ({"methods": {}}, r"expected at least one table \[methods.NAME\]"),
        ({"datasets": {"rsna": {"path": "x"}}}, "unknown key of datasets.rsna 'path'"),
        (
            {"datasets": {"rsna": {"image_size": "64"}}},
            "expected datasets.rsna.image_size to be a whole number, got '64'",
        ),
        ({"metrics": ["pixel_app"]}, "unknown metric 'pixel_app'; did you mean 'pixel_ap'"),
        (
            {"datasets": {"a": {"folder": "x", "manifest": "y"}}},
            "expected datasets.a to have one of root, folder, manifest, got folder and manifest",
        ),
        ({"datasets": {"a": {"folder": "x", "root": "y"}}}, "got root and folder"),
        ({"datasets": {"a": {"foldr": "x"}}}, "unknown key of datasets.a 'foldr'; did you mean"),
        ({"datasets": {"a": {"folder": 3}}}, "expected datasets.a.folder to be a text, got 3"),
        ({"datasets": {"a": {"manifest": ""}}}, "expected datasets.a.manifest to be a path"),
        ({"datasets": {"rsna": 3}}, "expected datasets.rsna to be a table, got 3"),
        (
            {"select": "pseudo-auroc"},
            "unknown value of select 'pseudo-auroc'; did you mean 'pseudo_auroc'",
        ),
        ({"methods": {"ae": {"select": "best"}}}, "unknown value of methods.ae.select 'best'"),
    ],
)
def test_what_has_no_meaning_is_refused(change, message):
    with pytest.raises(StudyError, match=message):
        parse_study({**GOOD, **change}, name="mine")


def test_relative_paths_start_from_the_study_file(tmp_path, monkeypatch):
    (tmp_path / "mine").mkdir()
    study = tmp_path / "mine" / "study.toml"
    study.write_text(
        '[datasets.rsna]\nroot = "../data"\n[datasets.a]\nfolder = "scans"\n'
        '[datasets.b]\nmanifest = "/tables/b.csv"\n[datasets.c]\nfolder = "~/c"\n[methods.ae]\n'
    )
    monkeypatch.chdir(tmp_path)
    for path in (study, Path("mine/study.toml")):
        assert [entry.source for entry in read_study(path).datasets] == [
            DataSource(root=str(tmp_path / "data")),
            DataSource(folder=str(tmp_path / "mine" / "scans")),
            DataSource(manifest="/tables/b.csv"),
            DataSource(folder="~/c"),
        ]


def test_a_path_among_the_datasets_is_a_folder_or_a_table(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("scans", "rsna", "mine"):
        (tmp_path / name).mkdir()
    study = parse_study({**GOOD, "datasets": {"mine": {"image_size": 96}}}, name="x")
    words = ["scans", "./scans", f"{tmp_path}/scans/", "nowhere/scans", "t/b.csv", "rsna", "mine"]
    chosen = study.choose(datasets=words, root="data").datasets
    folder = DatasetEntry(name="scans", folder=str(tmp_path / "scans"))
    assert chosen == (
        *(folder, folder, folder),
        DatasetEntry(name="scans", folder=str(tmp_path / "nowhere" / "scans")),
        DatasetEntry(name="b", manifest=str(tmp_path / "t" / "b.csv")),
        DatasetEntry(name="rsna", root=str(tmp_path / "data")),  # a registered name comes first
        DatasetEntry(name="mine", root=str(tmp_path / "data"), image_size=96),  # the study's too
    )


def test_a_file_that_is_not_toml_is_named(tmp_path):
    path = tmp_path / "study.toml"
    path.write_text("seeds = [")
    with pytest.raises(StudyError, match=r"cannot read the study .*study\.toml"):
        read_study(path)


def test_a_byte_order_mark_is_no_part_of_a_study(tmp_path):
    path = tmp_path / "study.toml"
    path.write_bytes(b"\xef\xbb\xbf[datasets.phantom]\n[methods.ae]\n")
    assert read_study(path).datasets == (DatasetEntry(name="phantom"),)


def test_a_choice_keeps_the_settings_of_names_that_the_study_has():
    study = parse_study(GOOD, name="mine")
    chosen = study.choose(datasets=["rsna", "lag"], methods=["wide", "vae"], seeds=[7], root="/r")
    assert chosen.datasets == (
        DatasetEntry(name="rsna", root="/r", image_size=128),
        DatasetEntry(name="lag", root="/r"),
    )
    assert [entry.label for entry in chosen.methods] == ["wide", "vae"]
    assert chosen.methods[0].options == {"width": 32}
    assert chosen.seeds == (7,)
    assert [entry.epochs for entry in study.choose(epochs=2).methods] == [2, 2]


def test_the_embedded_default_needs_no_data():
    study = read_study(DEFAULT)
    assert [entry.name for entry in study.datasets] == ["phantom"]
    assert study.methods


def test_how_the_files_of_own_images_are_read_is_said_in_the_study(tmp_path):
    tables = {
        "mine": {"folder": "scans", "patients": r"p\d+", "allow_empty_masks": True},
        "lag": {"allow_damaged": True, "brightness": "equalize"},
    }
    study = parse_study({"datasets": tables, "methods": {"ae": {}}}, name="s", folder=tmp_path)
    mine, lag = study.datasets
    assert mine.reading == Reading(patients=r"p\d+", allow_empty_masks=True)
    assert mine.source.reading == mine.reading
    assert lag.reading == Reading(allow_damaged=True, brightness="equalize")
    more = Reading(allow_damaged=True, resample_masks=True, patients="q", brightness="percentiles")
    mine, lag = study.choose(reading=more).datasets
    expected = {"allow_damaged": True, "allow_empty_masks": True, "resample_masks": True}
    assert mine.reading == Reading(patients="q", brightness="percentiles", **expected)
    assert lag.reading == Reading(allow_damaged=True, brightness="percentiles")


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"patients": "p"}, "expected datasets.x to have a folder or manifest for patients"),
        ({"allow_shared_files": True}, "a folder or manifest for allow_shared_files"),
        ({"brightness": 3}, "datasets.x.brightness to be a text, got 3"),
        ({"folder": "f", "patients": 3}, "datasets.x.patients to be a text, got 3"),
        ({"folder": "f", "allow_damaged": 1}, "datasets.x.allow_damaged to be true or false"),
        ({"folder": "f", "allow_dammaged": True}, "did you mean 'allow_damaged'"),
    ],
)
def test_a_wrong_way_to_read_files_is_refused(table, message):
    with pytest.raises(StudyError, match=message):
        parse_study({"datasets": {"x": table}, "methods": {"ae": {}}}, name="s")


def test_what_is_for_own_images_is_refused_where_there_are_none():
    study = parse_study({"datasets": {"phantom": {}}, "methods": {"ae": {}}}, name="s")
    with pytest.raises(StudyError, match=r"folder or table of your own .* for patients, got .* ph"):
        study.choose(reading=Reading(patients="p"))
