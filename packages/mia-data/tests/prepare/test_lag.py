"""LAG from its two folders of photographs."""

import json

import pytest
from mia_data import Counts, DataError, load, prepare_dataset


def test_photographs_are_copied_and_split(lag_source, tmp_path, check_verified):
    made = prepare_dataset("lag", lag_source, root=tmp_path, progress=False)
    assert made.counts == Counts(4, 2, 3)
    copied = (made.folder / "images/0003.jpg").read_bytes()
    assert copied == (lag_source / "suspicious_glaucoma/image/0003.jpg").read_bytes()
    assert load("lag", "test", root=tmp_path).ids[2:] == ("0003", "0006", "0009")
    check_verified("lag", tmp_path)


@pytest.mark.parametrize("depth", ["LAG_database_part_1", "without image"])
def test_other_arrangements_are_found(lag_source, tmp_path, depth):
    for folder in ("non_glaucoma", "suspicious_glaucoma"):
        if depth == "LAG_database_part_1":
            (lag_source / depth).mkdir(exist_ok=True)
            (lag_source / folder).rename(lag_source / depth / folder)
        else:
            for path in sorted((lag_source / folder / "image").iterdir()):
                path.rename(lag_source / folder / path.name)
            (lag_source / folder / "image").rmdir()
    made = prepare_dataset("lag", lag_source, root=tmp_path, progress=False)
    assert made.counts == Counts(4, 2, 3)


def test_patients_of_a_table_are_kept_together(lag_source, tmp_path, one_line):
    """Each patient has two photographs; the one with 0003 and 0004 has glaucoma in one eye."""
    table = tmp_path / "patients.csv"
    rows = [f"{number:04d}.jpg,p{(number + 1) // 2}" for number in range(1, 10)]
    table.write_text("\n".join(["image,patient", *rows, ""]))
    made = prepare_dataset("lag", lag_source, root=tmp_path, patients=table, progress=False)
    lists = json.loads((made.folder / "data.json").read_text())
    patient = {row[:8]: row.rpartition(",")[2] for row in rows}
    train = {patient[name] for name in lists["train"]["0"]}
    test = {patient[name] for names in lists["test"].values() for name in names}
    assert train.isdisjoint(test)
    used = [name for part in lists.values() for names in part.values() for name in names]
    assert not {"0004.jpg", "0005.jpg"} & set(used)  # the normal eyes of ill patients
    table.write_text("\n".join(["image,patient", *rows[:-1], ""]))
    parts = ["patients.csv has no patient for 1 of 9 images", "'0009.jpg'"]
    with pytest.raises(DataError, match=one_line(*parts)):
        prepare_dataset("lag", lag_source, root=tmp_path, patients=table, progress=False)
    table.write_text("\n".join(["image,patient", *rows, "0001,p9", ""]))
    with pytest.raises(DataError, match=one_line("line 11", "'p9', and 'p1' before")):
        prepare_dataset("lag", lag_source, root=tmp_path, patients=table, progress=False)


def test_a_name_in_both_classes_is_refused(lag_source, tmp_path, save_image, one_line):
    save_image(lag_source / "non_glaucoma/image/0003.png", channels=3)
    with pytest.raises(DataError, match=one_line("0003", "0003", "same name")):
        prepare_dataset("lag", lag_source, root=tmp_path, progress=False)


def test_a_damaged_photograph_is_refused(lag_source, tmp_path, one_line):
    path = lag_source / "non_glaucoma/image/0004.jpg"
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(DataError, match=one_line("1 of 9 images failed", "0004.jpg")):
        prepare_dataset("lag", lag_source, root=tmp_path, progress=False)
    assert not (tmp_path / "LAG").exists()


def test_a_missing_folder_is_named(lag_source, tmp_path, one_line):
    with pytest.raises(DataError, match=one_line("holds no photographs", "non_glaucoma/image")):
        prepare_dataset("lag", tmp_path, root=tmp_path / "root", progress=False)
