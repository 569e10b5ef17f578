"""Images directly in a folder, and in and below it; nothing else."""

import pytest
from mia_data import DataError, decode_files, find_images
from mia_data.list_files import list_folders, list_images


def test_list_images_is_sorted_and_leaves_out_stray_files(tmp_path):
    for name in ("b.png", "a.jpg", "._a.jpg", "Thumbs.db", ".DS_Store"):
        (tmp_path / name).touch()
    (tmp_path / "folder.png").mkdir()
    assert list_images(tmp_path, "") == ["a.jpg", "b.png"]


def test_a_link_to_itself_is_listed_as_an_image_and_not_as_a_folder(tmp_path):
    (tmp_path / "b.png").symlink_to("b.png")
    (tmp_path / "in").mkdir()
    (tmp_path / "linked").symlink_to("in")
    assert list_images(tmp_path, "") == ["b.png"]
    assert list_folders(tmp_path) == ["in", "linked"]


@pytest.mark.parametrize("inner", ["", "absent"])
def test_list_images_names_an_empty_or_missing_folder(tmp_path, inner):
    with pytest.raises(DataError, match=str(tmp_path / inner)):
        list_images(tmp_path, inner)


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
