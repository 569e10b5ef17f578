"""RSNA from DICOM files and the challenge's two tables."""

import json

import numpy as np
import pydicom
import pytest
from mia_data import Counts, DataError, load, prepare_dataset
from PIL import Image


def test_the_set_loads_and_verifies_up_to_its_counts(rsna_source, tmp_path, check_verified):
    made = prepare_dataset("rsna", rsna_source, root=tmp_path / "root", progress=False)
    # 6 normal films are divided as 3851 and 1000 are; all 3 with opacities are for testing.
    assert made.counts == Counts(5, 1, 3)
    assert (made.written, made.left_out) == (10, 0)
    train, test = (load("rsna", s, root=tmp_path / "root") for s in ("train", "test"))
    assert (len(train), test.labels.tolist()) == (5, [0, 1, 1, 1])
    assert sorted(train.ids + test.ids[:1]) == [f"n{i}" for i in range(6)]
    assert test.ids[1:] == ("o0", "o1", "o2")
    check_verified("rsna", tmp_path / "root")


def test_pixels_follow_the_rule_of_the_study_s_authors(rsna_source, tmp_path):
    made = prepare_dataset("rsna", rsna_source, root=tmp_path, progress=False)
    pixels = pydicom.dcmread(rsna_source / "stage_2_train_images/n0.dcm").pixel_array
    expected = Image.fromarray(pixels).resize((512, 512), Image.Resampling.BILINEAR)
    with Image.open(made.folder / "images/n0.png") as image:
        assert np.array_equal(np.asarray(image), np.asarray(expected))


def test_nothing_of_the_patient_reaches_the_set(rsna_source, tmp_path):
    made = prepare_dataset("rsna", rsna_source, root=tmp_path, progress=False)
    for path in made.folder.rglob("*"):
        data = path.read_bytes() if path.is_file() else b""
        assert b"Doe" not in data
        assert b"secret" not in data


def test_the_split_depends_on_the_seed_alone(rsna_source, tmp_path):
    def normal(seed, folder):
        made = prepare_dataset(
            "rsna", rsna_source, root=tmp_path / folder, seed=seed, progress=False
        )
        return json.loads((made.folder / "data.json").read_text())["test"]["0"]

    assert normal(0, "a") == normal(0, "b")
    assert len({tuple(normal(seed, f"s{seed}")) for seed in range(8)}) > 1


def _edit(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


@pytest.mark.parametrize(
    ("table", "old", "new", "parts"),
    [
        ("class_info", "n1,Normal", "n1,Lung Opacity", ["'n1'", "'Lung Opacity'", "Target '0'"]),
        ("class_info", "o1,Lung Opacity", "o1,Normal", ["line 11", "'o1'", "'Normal' before"]),
        ("class_info", "n1,Normal", "n1,normal", ["line 3", "class is 'normal'", "'Normal'"]),
        ("class_info", "n1,Normal\n", "", ["'n1'", "None"]),
        ("class_info", "n1,Normal", "../n1,Normal", ["'../n1'", "inside"]),
        ("class_info", "n1,Normal", "a/n1,Normal", ["'a/n1'", "name of a file"]),
        ("labels", ",0\n", ",2\n", ["line 2", "Target is '2'"]),
        ("labels", "patientId", "patient", ["no column 'patientId'"]),
    ],
)
def test_tables_that_contradict_are_refused(
    rsna_source, tmp_path, one_line, table, old, new, parts
):
    names = {"class_info": "stage_2_detailed_class_info.csv", "labels": "stage_2_train_labels.csv"}
    path = rsna_source / names[table]
    path.write_text(path.read_text().replace("\r\n", "\n"))
    _edit(path, old, new)
    with pytest.raises(DataError, match=one_line(*parts)):
        prepare_dataset("rsna", rsna_source, root=tmp_path / "root", progress=False)
    assert not (tmp_path / "root").exists()


def test_a_missing_table_is_named(rsna_source, tmp_path, one_line):
    (rsna_source / "stage_2_train_labels.csv").unlink()
    with pytest.raises(DataError, match=one_line("stage_2_train_labels.csv", "No such file")):
        prepare_dataset("rsna", rsna_source, root=tmp_path, progress=False)


def test_missing_films_are_counted_and_the_first_are_named(rsna_source, tmp_path, one_line):
    for name in ("n0", "n2", "n3", "o1"):
        (rsna_source / f"stage_2_train_images/{name}.dcm").unlink()
    parts = ["4 of 9 source files do not exist", "n0.dcm", "n2.dcm", "n3.dcm and 1 more"]
    with pytest.raises(DataError, match=one_line(*parts)):
        prepare_dataset("rsna", rsna_source, root=tmp_path / "root", progress=False)
    assert not (tmp_path / "root").exists()
    made = prepare_dataset(
        "rsna", rsna_source, root=tmp_path / "root", allow_missing=True, progress=False
    )
    assert made.counts == Counts(2, 1, 2)
    assert made.left_out == 4


def test_damaged_films_are_counted_and_named_and_a_new_run_goes_on(rsna_source, tmp_path, one_line):
    whole = {}
    for name in ("n4", "o0"):
        path = rsna_source / f"stage_2_train_images/{name}.dcm"
        whole[path] = path.read_bytes()
        path.write_bytes(whole[path][:300])
    root = tmp_path / "root"
    with pytest.raises(DataError, match=one_line("2 of 9 images failed", "n4.dcm", "o0.dcm")):
        prepare_dataset("rsna", rsna_source, root=root, progress=False)
    assert not (root / "RSNA").exists()
    for path, data in whole.items():
        path.write_bytes(data)
    made = prepare_dataset("rsna", rsna_source, root=root, progress=False)
    assert made.written == 3  # two films and data.json
    assert [path.name for path in root.iterdir()] == ["RSNA"]
