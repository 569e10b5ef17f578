"""from_folder: three layouts, told apart, and what each refuses."""

import numpy as np
import pytest
from mia_data import Counts, DataError, count_folder, from_folder
from PIL import Image


def test_a_plain_folder_is_normal_for_training_and_unlabeled_for_testing(tree):
    folder = tree("b.png", "a.jpg", "c.bmp")
    train, test = (from_folder(folder, split, size=8) for split in ("train", "test"))
    assert train.ids == test.ids == ("a", "b", "c")
    assert train.labels.tolist() == [0, 0, 0]
    assert test.labels.tolist() == [-1, -1, -1]
    assert train.masks is None
    assert repr(test) == "ImageSet(own/test: 3 unlabeled, 1x8x8)"


@pytest.mark.parametrize("normal", ["normal", "good"])
def test_folders_of_splits_and_classes(tree, normal):
    folder = tree(
        f"train/{normal}/a.png", f"test/{normal}/b.png", "test/cyst/c.png", "test/x/d.png"
    )
    assert from_folder(folder, "train").ids == (f"train/{normal}/a",)
    test = from_folder(folder, "test")
    assert test.ids == (f"test/{normal}/b", "test/cyst/c", "test/x/d")
    assert test.labels.tolist() == [0, 1, 1]
    assert test.masks is None


@pytest.mark.parametrize(
    ("names", "split", "message"),
    [
        (["one/a.png", "two/b.png"], "train", "only the folders one, two; expected images, or"),
        (["train/normal/a.png"], "test", "has no folder 'test'"),
        (["train/a.png"], "train", "one folder called normal or good, found no folder"),
        (["train/normal/a.png", "train/good/a.png"], "train", "found good, normal"),
        (["train/normal/a.png", "train/tumor/a.png"], "train", "holds tumor beside normal"),
        (["test/normal/a.png"], "test", "to have a folder of abnormal images beside normal"),
        (["test/tumor/a.png"], "test", "found tumor"),
    ],
)
def test_another_layout_is_explained(tree, names, split, message):
    with pytest.raises(DataError, match=message):
        from_folder(tree(*names), split)


def test_images_of_all_folders_below_where_that_is_asked_for(tree):
    folder = tree("a.png", "one/b.png", "one/two/c.png", ".hidden/d.png")
    found = from_folder(folder, recursive=True)
    assert found.ids == ("a", "one/b", "one/two/c")
    assert found.labels.tolist() == [0, 0, 0]
    assert from_folder(folder, "test", recursive=True).labels.tolist() == [-1, -1, -1]
    with pytest.raises(DataError, match=r"more in its folder one; .* \(recursive takes"):
        from_folder(folder)


@pytest.mark.parametrize("split", ["train", "test"])
def test_a_copy_in_the_other_split_is_refused_unless_allowed(tree, split):
    folder = tree("train/good/a.png", "test/good/b.png", "test/x/c.png")
    assert from_folder(folder, split).labels.max() == (split == "test")
    (folder / "test" / "x" / "d.png").write_bytes((folder / "train/good/a.png").read_bytes())
    other = folder / "train" / "good" / "e.png"
    other.write_bytes((folder / "train/good/a.png").read_bytes())
    assert len(from_folder(folder, split, allow_shared_files=True)) == (3 if split == "test" else 2)
    with pytest.raises(DataError, match=r"own has \d images? with the content of one of the other"):
        from_folder(folder, split)


def test_training_images_load_whatever_the_test_folder_is(tree):
    folder = tree("train/good/a.png", "test/x/c.png")
    assert len(from_folder(folder, "train")) == 1


def test_images_in_a_subfolder_are_not_left_out_silently(tree):
    folder = tree("a.png", "b.png", "notes/deep/c.png", "notes/d.png")
    with pytest.raises(DataError, match="holds 2 images, and 2 more in its folder notes; expected"):
        from_folder(folder)


def test_subfolders_without_images_and_links_to_folders_do_not_matter(tree, tmp_path):
    folder = tree("a.png")
    (folder / "empty").mkdir()
    (folder / "notes").mkdir()
    (folder / "notes" / "readme.txt").write_text("no image")
    (folder / "loop").symlink_to(folder)
    assert from_folder(folder).ids == ("a",)


def test_an_absent_and_an_empty_folder_are_named(tmp_path):
    with pytest.raises(DataError, match="absent does not exist"):
        from_folder(tmp_path / "absent")
    with pytest.raises(DataError, match="holds no image"):
        from_folder(tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match="file is not a folder"):
        from_folder(tmp_path / "file")


def test_a_folder_whose_name_is_too_long_does_not_exist():
    with pytest.raises(DataError, match="aaa does not exist"):
        from_folder("a" * 300)


@pytest.mark.parametrize("target", ["b.png", "nowhere.png"])
def test_a_link_that_leads_to_no_file_is_named(tree, target):
    folder = tree("a.png")
    (folder / "b.png").symlink_to(target)
    with pytest.raises(DataError, match=r"links that lead to no file: 1 of 2 .* is 'b\.png'"):
        from_folder(folder)


def test_an_empty_class_is_named(tree):
    folder = tree("test/good/a.png")
    (folder / "test" / "cyst").mkdir()
    with pytest.raises(DataError, match="test/cyst holds no image"):
        from_folder(folder, "test")


def test_numpy_integers_are_whole_numbers(tree):
    folder = tree("a.png")
    ds = from_folder(folder, size=np.int64(8), channels=np.uint8(1))
    np.testing.assert_array_equal(ds.images, from_folder(folder, size=8, channels=1).images)


@pytest.mark.parametrize("number", [True, np.True_, 1.0, "1"])
def test_other_types_than_integers_are_refused(tree, number):
    for name in ("size", "channels"):
        with pytest.raises(DataError, match=f"expected {name} to be"):
            from_folder(tree("a.png"), **{name: number})


def test_window_and_channels_reach_the_decoder(tmp_path, save_image):
    values = np.array([[0, 1000], [2000, 4000]], np.uint16)
    save_image(tmp_path / "own" / "a.png", values)
    ds = from_folder(tmp_path / "own", size=2, channels=3, window=(0, 2000))
    np.testing.assert_array_equal(ds.images[0], [[[0, 128], [255, 255]]] * 3)


@pytest.mark.parametrize("resample", ["bicubic", "lanczos"])
def test_deep_images_and_their_masks_pass_the_named_filter_and_none(tmp_path, rng, resample):
    values = rng.integers(0, 60000, (31, 23), dtype=np.uint16)
    for name in ("test/good/a.png", "test/x/b.png", "masks/x/b.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(values).save(tmp_path / name)
    ds = from_folder(tmp_path, "test", size=16, resample=resample, window=(0, 60000))
    shown = Image.fromarray(np.rint(values / 60000 * 255).astype(np.uint8))
    expected = shown.resize((16, 16), Image.Resampling[resample.upper()])
    np.testing.assert_array_equal(ds.images[1, 0], expected)
    marked = Image.fromarray((values > 0).astype(np.uint8)).resize((16, 16), 0)
    np.testing.assert_array_equal(ds.masks[1], marked)


@pytest.mark.parametrize("window", [(5, 5), (0, np.inf), (np.nan, 1), (1,), 5, "ab"])
def test_a_window_that_is_none_is_refused(tree, window):
    with pytest.raises(DataError, match=r"window to be \(low, high\), finite numbers"):
        from_folder(tree("a.png"), window=window)


def test_files_are_counted_by_class_without_being_opened(tmp_path):
    for name in ("train/good/a", "train/good/b", "test/good/c", "test/x/d", "test/y/e", "test/y/f"):
        path = tmp_path / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("no image")
    assert count_folder(tmp_path) == Counts(2, 1, 3)
    assert count_folder(tmp_path / "test" / "y") == Counts(2, 0, 0)  # without labels
    with pytest.raises(DataError, match="nowhere does not exist"):
        count_folder(tmp_path / "nowhere")
