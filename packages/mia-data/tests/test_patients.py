"""Patients from paths and tables, and splits that share none."""

import mia_data
import numpy as np
import pytest
from mia_data import DataError, from_folder, from_manifest

FOLDER = ("train/normal/p1_a.png", "test/normal/p2_a.png", "test/ill/p3_a.png", "test/ill/p3_b.png")


def _load_both(load, *arguments, **options):
    return [load(*arguments, split, size=8, **options) for split in ("train", "test")]


@pytest.mark.parametrize(
    "pattern", [r"p\d", r"/(p\d)_", r"(?P<patient>p\d)_(a|b)", r"(a|b|normal|ill)/(?P<patient>p\d)"]
)
def test_the_patient_is_a_group_of_the_match_or_all_of_it(tree, pattern):
    train, test = _load_both(from_folder, tree(*FOLDER), patients=pattern)
    assert train.patients == ("p1",)
    assert test.patients == ("p2", "p3", "p3")
    assert repr(test).endswith("2 patients)")
    assert from_folder(tree(*FOLDER), "test").patients is None


@pytest.mark.parametrize("split", ["train", "test"])
def test_a_patient_in_both_splits_of_a_folder_is_refused_unless_allowed(tree, split):
    folder = tree(*FOLDER, "train/normal/p3_z.png")
    with pytest.raises(DataError, match=r"own has 1 patient in both splits, .*'p3' \((train|test)"):
        from_folder(folder, split, patients=r"p\d")
    allowed = from_folder(folder, split, patients=r"p\d", allow_shared_patients=True)
    assert "p3" in allowed.patients
    assert from_folder(folder, split).patients is None


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        (r"q\d", r"path 'train/normal/p1_a\.png' in .*own has no patient by .*'q\\\\d'"),
        (r"p(\d)?_|(x)", None),
        (r"(x)?p\d", "has no patient"),
        (r"(", r"expected patients to be a regular expression, got '\(': "),
    ],
)
def test_a_path_without_a_patient_or_a_wrong_expression_is_refused(tree, pattern, message):
    if message is None:
        assert from_folder(tree(*FOLDER), "train", patients=pattern).patients == ("1",)
        return
    with pytest.raises(DataError, match=message):
        from_folder(tree(*FOLDER), "train", patients=pattern)


TABLE = (
    "path,split,label,patient\n{}a.png,train,0,A\nb.png,test,0,B\nc.png,test,1,C\nd.png,test,1,B\n"
)


@pytest.fixture
def table(tmp_path, save_image):
    for name in "abcdz":
        save_image(tmp_path / f"{name}.png", size=(8, 8))

    def write(text):
        (tmp_path / "t.csv").write_text(text)
        return tmp_path / "t.csv"

    return write


def test_the_column_of_a_table_names_the_patients(table):
    train, test = _load_both(from_manifest, table(TABLE.format("")))
    assert train.patients == ("A",)
    assert dict(zip(test.ids, test.patients, strict=True)) == {"b": "B", "c": "C", "d": "B"}
    # Another patient in the table is known without decoding anew.
    again = from_manifest(table(TABLE.format("").replace(",C", ",D")), "test", size=8)
    assert again.patients == ("B", "D", "B")


def test_an_expression_finds_the_patients_of_a_table_without_the_column(table):
    text = "path,split,label\na.png,train,0\nb.png,test,0\nc.png,test,1\n"
    test = from_manifest(table(text), "test", size=8, patients="^(.)")
    assert test.patients == ("b", "c")


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        (TABLE.format("z.png,train,0,C\n"), {}, r"t\.csv has 1 patient in both .*'C' \((c|z)\.png"),
        (TABLE.format("z.png,train,0,\n"), {}, r"t\.csv, line 2: expected a patient"),
        (TABLE.format(""), {"patients": "a"}, r"has a column 'patient', expected no regular exp"),
        (
            TABLE.format("") + "./c.png,test,1,D\n",
            {},
            r"line 6: 'c\.png' has the patients 'C' and 'D', expected one|names 'c\.png' twice",
        ),
    ],
)
def test_a_table_with_wrong_patients_is_refused(table, text, options, message):
    for split in ("train", "test"):
        with pytest.raises(DataError, match=message):
            from_manifest(table(text), split, **options)


def test_slices_of_a_volume_have_its_patient(tmp_path, rng):
    nibabel = pytest.importorskip("nibabel")
    for name in ("p2", "p1"):
        values = rng.integers(0, 9, (4, 4, 8)).astype(np.int16)
        nibabel.save(nibabel.Nifti1Image(values, np.eye(4)), tmp_path / f"{name}.nii.gz")
    loaded = mia_data.from_folder(tmp_path, "test", size=4, patients=r"p\d")
    assert loaded.patients == tuple(name.partition("#")[0] for name in loaded.ids)
    assert loaded.patients == ("p1",) * 4 + ("p2",) * 4
