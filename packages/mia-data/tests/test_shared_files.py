"""Files of two splits are compared by name and by content."""

import numpy as np
import pytest
from mia_data import from_folder
from mia_data.errors import DataError
from mia_data.file_list import FileList
from mia_data.shared_files import check_contents_apart, check_names_apart


def _listing(folder, **contents):
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    return FileList(folder, "here", list(contents), [0] * len(contents))


def test_names_are_counted_and_the_first_is_named():
    check_names_apart("here", ["a"], ["b"])
    with pytest.raises(DataError, match=r"here names 2 files for training .* the first is 'b';"):
        check_names_apart("here", ["c", "a", "b"], ["b", "x", "c"])


def test_equal_contents_are_found_and_equal_sizes_are_not_enough(tmp_path):
    listing = _listing(tmp_path, a=b"12", b=b"345", c=b"678")
    check_contents_apart(listing, _listing(tmp_path, d=b"21", e=b"354"))
    with pytest.raises(DataError, match=r"here has 1 image with .*/b and .*/f; expected"):
        check_contents_apart(listing, _listing(tmp_path, d=b"21", f=b"345"))


def test_a_link_has_the_content_of_its_target(tmp_path):
    listing = _listing(tmp_path, a=b"12")
    (tmp_path / "link").symlink_to("a")
    with pytest.raises(DataError, match=r"/a and .*/link"):
        check_contents_apart(listing, FileList(tmp_path, "there", ["link"], [0]))


def test_files_that_cannot_be_read_are_left_to_the_decoder(tmp_path):
    listing = _listing(tmp_path, a=b"", b=b"1")
    check_contents_apart(listing, FileList(tmp_path, "there", ["absent", "a"], [0, 0]))


def test_slices_of_one_dicom_series_in_both_splits_are_refused_unless_allowed(tmp_path, rng):
    pydicom = pytest.importorskip("pydicom")
    source = pydicom.dcmread(pydicom.data.get_testdata_file("CT_small.dcm", download=False))
    for i, name in enumerate(("train/good/a", "train/good/b", "test/good/c", "test/crack/d")):
        pixels = rng.integers(0, 900, (source.Rows, source.Columns)).astype(np.int16)
        source.PixelData = pixels.tobytes()
        source.ImagePositionPatient = [0, 0, i]
        source.SeriesInstanceUID = "1.2.3" if name[-1] in "bc" else f"1.2.4.{i}"
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        source.save_as(tmp_path / f"{name}.dcm")
    for split, files in (("train", "b.dcm and test/good/c"), ("test", "c.dcm and train/good/b")):
        with pytest.raises(DataError, match=rf"slices of one DICOM series .* such as .*{files}"):
            from_folder(tmp_path, split, size=8)
        assert len(from_folder(tmp_path, split, size=8, allow_shared_patients=True)) == 2
