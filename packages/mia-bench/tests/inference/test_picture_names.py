"""Names of pictures that file systems take, one for each image."""

import pytest
from mia_bench.inference.picture_names import MAX_BYTES, picture_name


@pytest.mark.parametrize("name", ["a.png", "in/scan.nii.gz#012", "z" * 251, "in/" + "é" * 125])
def test_a_name_that_fits_is_kept(name):
    assert picture_name(name, ".png") == f"{name}.png"


@pytest.mark.parametrize("name", ["z" * 252, "z" * 255, "é" * 126, "日" * 85, "x" + "日" * 84])
def test_a_longer_one_is_cut_to_what_a_file_system_takes(name, tmp_path):
    names = [picture_name(f"{folder}{name}{end}", ".png") for folder in ("", "in/") for end in "ab"]
    assert len({each.rpartition("/")[2] for each in names}) == 4
    for each in names:
        folder, _, last = each.rpartition("/")
        assert folder == ("in" if each.startswith("in/") else "")
        assert MAX_BYTES - 3 <= len(last.encode()) <= MAX_BYTES
        assert last.startswith(name[:60])
        (tmp_path / last).touch()
