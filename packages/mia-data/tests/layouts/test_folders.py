"""Layouts told by folder names."""

import pytest
from mia_data.errors import DataError
from mia_data.layouts.folders import brats, class_folders


@pytest.fixture
def touch(tmp_path):
    def make(*names):
        for name in names:
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"x")

    return make


def test_classes_come_from_their_folders(tmp_path, touch):
    touch("tr/N/b.png", "tr/N/a.png", "te/N/1.png", "te/X/2.png", "te/Y/0.png", "te/Z/3.png")
    touch("te/N/.DS_Store", "te/X/._2.png", "te/X/README")
    list_split = class_folders("tr/N", "te/N", ("te/X", "te/Y"))
    assert list_split(tmp_path, "train").files == ["tr/N/a.png", "tr/N/b.png"]
    test = list_split(tmp_path, "test")
    assert test.files == ["te/N/1.png", "te/X/2.png", "te/Y/0.png"]
    assert test.labels == [0, 1, 1]


@pytest.mark.parametrize("missing", ["te/N", "te/X"])
def test_a_missing_or_empty_class_is_named(tmp_path, touch, missing):
    touch(*{"te/N/1.png", "te/X/2.png"} - {f"{missing}/1.png", f"{missing}/2.png"})
    list_split = class_folders("tr/N", "te/N", ("te/X",))
    with pytest.raises(DataError, match=f"cannot list the folder .*{missing}"):
        list_split(tmp_path, "test")
    (tmp_path / missing).mkdir(parents=True)
    with pytest.raises(DataError, match=f"{missing} holds no image"):
        list_split(tmp_path, "test")


def test_masks_of_brats_are_found_by_name(tmp_path, touch):
    touch("test/normal/flair_1.png", "test/tumor/9_flair_2.png")
    listing = brats(tmp_path, "test")
    assert listing.files == ["test/normal/flair_1.png", "test/tumor/9_flair_2.png"]
    assert listing.masks == [None, "test/annotation/9_seg_2.png"]
    assert listing.labels == [0, 1]


def test_the_mask_name_depends_on_the_file_name_only(tmp_path, touch):
    folder = tmp_path / "flair_set"
    touch("flair_set/test/normal/a_flair.png", "flair_set/test/tumor/b_flair.png")
    assert brats(folder, "test").masks == [None, "test/annotation/b_seg.png"]


def test_a_tumor_image_without_flair_in_its_name_is_refused(tmp_path, touch):
    touch("test/normal/flair_1.png", "test/tumor/9_t1_2.png")
    with pytest.raises(DataError, match=r"9_t1_2\.png: expected 'flair' in the name"):
        brats(tmp_path, "test")
