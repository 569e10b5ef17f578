"""All images below a folder, and nothing else."""

import pytest
from mia_data import DataError, decode_files, find_images


def test_images_of_all_depths_sorted_and_nothing_else(tmp_path):
    names = ["b/c/1.PNG", "b/2.nii.gz", "a.jpg", "b/c/notes.txt", ".hidden.png", ".git/x.png"]
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "folder.png").mkdir()
    (tmp_path / "loop").symlink_to(tmp_path)
    assert find_images(tmp_path) == ["a.jpg", "b/2.nii.gz", "b/c/1.PNG"]


@pytest.mark.parametrize(("name", "message"), [("absent", "cannot list"), ("", "no image")])
def test_a_folder_that_is_missing_or_empty(tmp_path, name, message):
    with pytest.raises(DataError, match=message):
        find_images(tmp_path / name)


def test_a_link_to_itself_is_found_and_named_when_it_is_read(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "b.png").symlink_to("b.png")
    assert find_images(tmp_path) == ["in/b.png"]
    with pytest.raises(DataError, match=r"cannot read .*in/b\.png"):
        next(decode_files(tmp_path, ["in/b.png"]))
