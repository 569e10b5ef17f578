"""from_manifest: the table's columns, and what is refused."""

import numpy as np
import pytest
from mia_data import DataError, from_manifest

HEADER = "path,split,label,mask\n"


@pytest.fixture
def write(tmp_path, save_image):
    for name in ("a.png", "in/b.png", "c.png", "m.png"):
        save_image(tmp_path / name, size=(8, 8))

    def write_table(text):
        path = tmp_path / "table.csv"
        path.write_text(text)
        return path

    return write_table


def test_rows_become_splits_classes_and_masks(write, tmp_path):
    table = write(HEADER + "c.png,test,1,m.png\na.png,train,0,\nin/b.png,test,normal,\n")
    train, test = (from_manifest(table, split, size=8) for split in ("train", "test"))
    assert (train.name, train.ids, train.masks) == ("table", ("a",), None)
    assert test.ids == ("in/b", "c")
    assert test.labels.tolist() == [0, 1]
    assert not test.masks[0].any()
    assert test.masks[1].any()
    assert test.paths[1] == tmp_path / "c.png"


def test_columns_may_come_in_any_order_and_mask_may_be_absent(write):
    table = write("comment,label,path,split\nx,abnormal,c.png,test\ny,0,a.png,test\n")
    assert from_manifest(table, "test").masks is None


def test_paths_are_relative_to_root_where_it_is_given(write, tmp_path):
    table = write("path,split,label\nb.png,train,0\n")
    ds = from_manifest(table, root=tmp_path / "in", size=8)
    expected = from_manifest(write("path,split,label\nin/b.png,train,0\n"), size=8)
    np.testing.assert_array_equal(ds.images, expected.images)


@pytest.mark.parametrize(
    ("text", "split", "message"),
    [
        ("", "train", "empty"),
        ("path,label\na.png,0\n", "train", "no column 'split', expected path, split, label"),
        (HEADER + "a.png,train\n", "train", "row 2: expected 4 columns"),
        (HEADER + "a.png,val,0,\n", "train", r"unknown split in .*row 2 'val', expected one of"),
        (HEADER + "a.png,train,ill,\n", "train", r"unknown label in .*row 2 'ill'"),
        (HEADER + "a.png,train,1,\n", "train", "row 2: expected normal images only"),
        (HEADER + "a.png,test,0,\n", "test", "no image with split test and label 1"),
        (HEADER + "a.png,test,0,\n", "train", "no image with split train and label 0"),
        (HEADER + "../a.png,train,0,\n", "train", r"names '\.\./a\.png'"),
        (HEADER + "/a.png,train,0,\n", "train", r"names '/a\.png'"),
        (HEADER + "a.png,test,0,\nc.png,test,1,../m.png\n", "test", r"names '\.\./m\.png'"),
        (HEADER + "a.png,train,0,\na.png,train,0,\n", "train", "'a.png' twice"),
        (
            HEADER + "a.png,test,0,\nc.png,test,1,m.png\nin/b.png,test,1,\n",
            "test",
            r"none for the abnormal image 'in/b\.png'",
        ),
        (HEADER + "z.png,train,0,\n", "train", r"names 1 of 1 files that do not exist.*z\.png"),
    ],
)
def test_a_wrong_table_is_named(write, text, split, message):
    with pytest.raises(DataError, match=message) as caught:
        from_manifest(write(text), split)
    assert "table.csv" in str(caught.value)


def test_an_absent_table_is_named(tmp_path):
    with pytest.raises(DataError, match=r"absent\.csv: No such file"):
        from_manifest(tmp_path / "absent.csv")
