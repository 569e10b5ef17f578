"""from_manifest: the table's columns, and what is refused."""

import numpy as np
import pytest
from mia_data import Counts, DataError, count_manifest, from_folder, from_manifest

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


def test_the_named_filter_is_that_of_from_folder(write, tmp_path):
    table, how = write(HEADER + "in/b.png,train,0,\n"), {"size": 5, "resample": "lanczos"}
    expected = from_folder(tmp_path / "in", **how).images
    np.testing.assert_array_equal(from_manifest(table, **how).images, expected)


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
        (HEADER + "a.png,train\n", "train", "line 2: expected 4 columns"),
        (HEADER + "a.png,val,0,\n", "train", r"unknown split in .*line 2 'val', expected one of"),
        (HEADER + "a.png,train,ill,\n", "train", r"unknown label in .*line 2 'ill'"),
        (HEADER + "a.png,train,1,\n", "train", "line 2: expected normal images only"),
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


def test_lines_are_those_of_the_file_and_not_of_the_rows(write):
    table = write('path,comment,split,label\n\na.png,"two\nlines",train,0\n\nc.png,,val,0\n')
    with pytest.raises(DataError, match=r"unknown split in .*table\.csv, line 6 'val'"):
        from_manifest(table)


def test_empty_values_behind_the_last_column_do_not_matter(write):
    table = write("path,split,label,,\na.png,train,0,,\nc.png,train,0,,,,\n")
    assert from_manifest(table).ids == ("a", "c")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("path,split,label\na.png,train,0,c.png\n", "line 2: expected 3 columns, got also 'c.png'"),
        ("path,split,label,path\na.png,train,0,c.png\n", "the column 'path' 2 times"),
        ("path;split;label\na.png;train;0\n", "expected path, .*separated by ',' and not by ';'"),
        ("path\tsplit\tlabel\n", r"separated by ',' and not by '\\t'"),
        ("path,split,label\nin\\b.png,train,0\n", "expected a path with forward slashes"),
    ],
)
def test_the_cause_of_a_table_that_cannot_be_read_is_named(write, text, message):
    with pytest.raises(DataError, match=message):
        from_manifest(write(text))


SHARED = "a.png,train,0\nc.png,test,0\n./a.png,test,1\n"


@pytest.mark.parametrize("split", ["train", "test"])
def test_a_file_in_both_splits_is_refused_unless_allowed(write, split):
    table = write("path,split,label\n" + SHARED)
    allowed = from_manifest(table, split, allow_shared_files=True)
    assert "a" in allowed.ids
    with pytest.raises(DataError, match=r"names 1 file for training and .*'a\.png'.*allow_shared"):
        from_manifest(table, split)


@pytest.mark.parametrize("split", ["train", "test"])
def test_a_copy_in_the_other_split_is_refused_unless_allowed(write, tmp_path, split):
    (tmp_path / "copy.png").write_bytes((tmp_path / "a.png").read_bytes())
    table = write("path,split,label\n" + SHARED.replace("./a.png", "copy.png"))
    allowed = from_manifest(table, split, allow_shared_files=True)
    assert len(allowed) == (2 if split == "test" else 1)
    first, second = ("copy", "a") if split == "test" else ("a", "copy")
    message = rf"1 image with the content .*/{first}\.png and .*/{second}\.png; expected"
    with pytest.raises(DataError, match=message):
        from_manifest(table, split)


def test_a_copy_that_comes_into_the_other_split_later_is_noticed(write, tmp_path):
    text = "path,split,label\na.png,train,0\nc.png,test,0\nin/b.png,test,1\n"
    assert len(from_manifest(write(text), "test")) == 2
    (tmp_path / "copy.png").write_bytes((tmp_path / "c.png").read_bytes())
    with pytest.raises(DataError, match=r"1 image with the content .*/c\.png and .*/copy\.png"):
        from_manifest(write(text + "copy.png,train,0\n"), "test")


def test_an_absent_file_of_the_other_split_does_not_matter(write):
    text = "path,split,label\na.png,train,0\nabsent.png,test,0\nin/b.png,test,1\n"
    assert len(from_manifest(write(text), "train")) == 1


def test_an_absent_table_is_named(tmp_path):
    with pytest.raises(DataError, match=r"absent\.csv: No such file"):
        from_manifest(tmp_path / "absent.csv")


@pytest.fixture
def save_masks(tmp_path, save_image):
    """An empty mask ``empty.png``, and ``lesion.png`` of four pixels."""
    for name, value in (("empty.png", 0), ("lesion.png", 255)):
        mask = np.zeros((8, 8), np.uint8)
        mask[2:4, 2:4] = value
        save_image(tmp_path / name, mask)


@pytest.mark.parametrize(("split", "rest"), [("train", ""), ("test", "c.png,test,1,lesion.png\n")])
def test_a_normal_image_with_a_lesion_in_its_mask_is_refused(write, save_masks, split, rest):
    table = write(f"{HEADER}a.png,{split},0,lesion.png\n{rest}")
    with pytest.raises(DataError, match=r"mask .*lesion\.png marks .*a\.png is labeled normal"):
        from_manifest(table, split)


def test_a_mask_that_moves_to_another_row_is_loaded_with_that_row(write, save_masks, tmp_path):
    table = "b.png,test,1,{}\nc.png,test,1,{}\n"
    (tmp_path / "b.png").write_bytes((tmp_path / "a.png").read_bytes())
    for first, second in (("empty.png", "lesion.png"), ("lesion.png", "empty.png")):
        test = from_manifest(
            write(HEADER + "a.png,test,0,\n" + table.format(first, second)),
            "test",
            size=8,
            allow_empty_masks=True,
        )
        assert test.masks.any(axis=(1, 2)).tolist() == [False, "l" in first, "l" in second]


def test_an_abnormal_image_whose_mask_marks_nothing_is_refused_unless_allowed(write, save_masks):
    table = write(HEADER + "a.png,test,0,\nc.png,test,1,empty.png\n")
    allowed = from_manifest(table, "test", allow_empty_masks=True)
    assert allowed.labels.tolist() == [0, 1]
    assert not allowed.masks.any()
    # What is allowed has an entry of its own in the cache.
    with pytest.raises(DataError, match=r"mask .*empty\.png marks nothing.*c\.png is labeled abn"):
        from_manifest(table, "test")


def test_one_file_under_two_spellings_is_refused(write):
    table = write(HEADER + "a.png,test,0,\n./a.png,test,1,\n")
    with pytest.raises(DataError, match=r"names 'a\.png' twice"):
        from_manifest(table, "test")


def test_masks_follow_images_whose_names_are_spelled_in_a_roundabout_way(write, save_masks):
    table = write(HEADER + "./a.png,test,0,\nin/./b.png,test,1,.//lesion.png\n")
    test = from_manifest(table, "test", size=8)
    assert test.ids == ("a", "in/b")
    assert test.masks.sum(axis=(1, 2)).tolist() == [0, 4]


def test_a_name_that_is_too_long_is_a_file_that_does_not_exist(write):
    table = write(HEADER + "a" * 300 + ".png,train,0,\n")
    with pytest.raises(DataError, match=r"names 1 of 1 files that do not exist.*'aaa"):
        from_manifest(table)


def test_rows_are_counted_by_class_without_their_files(write, tmp_path):
    rows = "1.png,train,0,\n2.png,train,0,\n3.png,test,0,\n4.png,test,1,\n5.png,test,1,\n"
    table = write(HEADER + rows)
    assert count_manifest(table) == count_manifest(table, root=tmp_path / "in") == Counts(2, 1, 2)
    with pytest.raises(DataError, match="lists no image with split test and label 0"):
        count_manifest(write(HEADER + "1.png,train,0,\n2.png,test,1,\n"))
