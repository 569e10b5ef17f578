"""Splits listed by a file in the form of data.json."""

import json

import pytest
from mia_data import Counts, DataError, load, prepare_dataset


def _write(path, train, normal, abnormal):
    more = {"unlabeled": {"0": ["n5.png"], "1": ["o2.png"]}}
    index = {"train": {"0": train, **more}, "test": {"0": normal, "1": abnormal}}
    path.write_text(json.dumps(index))
    return path


def test_the_file_decides_and_its_other_lists_are_passed_over(rsna_source, tmp_path):
    split = _write(tmp_path / "split.json", ["n3.png", "n0.jpg"], ["n5"], ["o1.png", "o0.png"])
    made = prepare_dataset("rsna", rsna_source, root=tmp_path, split=split, progress=False)
    assert made.counts == Counts(2, 1, 2)
    assert json.loads((made.folder / "data.json").read_text()) == {
        "train": {"0": ["n0.png", "n3.png"]},
        "test": {"0": ["n5.png"], "1": ["o0.png", "o1.png"]},
    }
    assert load("rsna", "train", root=tmp_path).ids == ("n0", "n3")


def test_a_set_s_own_list_makes_the_same_set_again(rsna_source, tmp_path):
    first = prepare_dataset("rsna", rsna_source, root=tmp_path / "a", seed=3, progress=False)
    split = first.folder / "data.json"
    second = prepare_dataset("rsna", rsna_source, root=tmp_path / "b", split=split, progress=False)
    files = [
        {path.relative_to(made.folder): path.read_bytes() for path in made.folder.rglob("*.*")}
        for made in (first, second)
    ]
    assert files[0] == files[1]


@pytest.mark.parametrize(
    ("train", "normal", "abnormal", "parts"),
    [
        (["n0", "x"], ["n1"], ["o0"], ["names 1 images", "'x'"]),  # of neither class
        (["n0", "no"], ["n1"], ["o0"], ["names 1 images", "'no'"]),
        (["n0", "n0.png"], ["n1"], ["o0"], ["'n0' twice"]),
        (["n0"], ["n1"], ["o0", "n0"], ["'n0' twice"]),
        (["n0"], ["o1"], ["o0"], ["disagree", "'o1.png'"]),
        (["n0"], ["n1"], ["n2"], ["disagree", "'n2.png'"]),
        (["n0"], [], ["o0"], ["an empty list", '["test"]["0"]']),
        (["../n0"], ["n1"], ["o0"], ["'../n0'"]),
    ],
)
def test_a_file_that_does_not_fit_is_one_line(
    rsna_source, tmp_path, one_line, train, normal, abnormal, parts
):
    split = _write(tmp_path / "split.json", train, normal, abnormal)
    with pytest.raises(DataError, match=one_line("split.json", *parts)):
        prepare_dataset("rsna", rsna_source, root=tmp_path, split=split, progress=False)
    assert not (tmp_path / "RSNA").exists()


def test_a_patient_in_both_splits_is_refused(rsna_source, tmp_path, one_line):
    split = _write(tmp_path / "split.json", ["n0", "n1"], ["n2"], ["o0"])
    rows = [f"{name},{'same' if name in ('n1', 'o0') else name}" for name in ("n0", "n1", "n2")]
    rows += [f"n{i},n{i}" for i in range(3, 6)] + ["o0,same", "o1,o1", "o2,o2"]
    table = tmp_path / "patients.csv"
    table.write_text("\n".join(["image,patient", *rows, ""]))
    parts = ["1 patient in both splits", "'n1.png' for training", "'o0.png' for testing"]
    with pytest.raises(DataError, match=one_line(*parts)):
        prepare_dataset(
            "rsna", rsna_source, root=tmp_path, split=split, patients=table, progress=False
        )


def test_only_what_the_file_names_must_be_there(rsna_source, tmp_path, one_line):
    images = rsna_source / "stage_2_train_images"
    for name in ("n2", "o2"):
        (images / f"{name}.dcm").unlink()
    split = _write(tmp_path / "split.json", ["n0", "n1"], ["n3"], ["o0", "o1"])
    made = prepare_dataset("rsna", rsna_source, root=tmp_path / "a", split=split, progress=False)
    assert made.counts == Counts(2, 1, 2)
    (images / "n1.dcm").unlink()
    with pytest.raises(DataError, match=one_line("1 of 2 source files", "n1.dcm")):
        prepare_dataset("rsna", rsna_source, root=tmp_path / "b", split=split, progress=False)
    made = prepare_dataset(
        "rsna",
        rsna_source,
        root=tmp_path / "b",
        split=split,
        allow_missing=True,
        progress=False,
    )
    assert (made.counts, made.left_out) == (Counts(1, 1, 2), 1)
