"""Links that leave a dataset are refused, those inside it are read."""

import mia_data
import numpy as np
import pytest
from mia_data.decode.batch import make_plan
from mia_data.errors import DataError
from mia_data.file_list import FileList


def test_a_link_out_of_the_folder_is_refused_and_one_inside_is_read(tmp_path, save_image):
    inside = tmp_path / "set"
    expected = save_image(inside / "a.png", size=(16, 16))
    save_image(tmp_path / "secret.png")
    (inside / "b.png").symlink_to("a.png")
    found = mia_data.from_folder(inside, size=16)
    np.testing.assert_array_equal(found.images[:, 0], [expected, expected])
    (inside / "c.png").symlink_to(tmp_path / "secret.png")
    with pytest.raises(DataError, match=r"c\.png is a link to .*secret\.png"):
        make_plan(FileList(inside, "s", ["c.png"], [0]))


def test_a_linked_folder_out_of_the_dataset_is_refused(tmp_path, save_image):
    save_image(tmp_path / "elsewhere" / "a.png")
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "images").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(DataError, match="is a link to"):
        make_plan(FileList(tmp_path / "set", "s", ["images/a.png"], [0]))


def test_the_dataset_itself_may_be_a_link(tmp_path, save_image):
    save_image(tmp_path / "real" / "a.png")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert make_plan(FileList(tmp_path / "link", "s", ["a.png"], [0])).ids == ["a"]
