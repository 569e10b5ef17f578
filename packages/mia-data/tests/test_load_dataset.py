"""load(): arguments, every layout end to end, the real files."""

import json

import numpy as np
import pytest
from mia_data import Counts, DataError, MissingDataError, count, info, load
from PIL import Image


def test_pixels_equal_a_plain_loop_of_pillow_on_the_real_files(shared_root):
    ds = load("brain", "test", root=shared_root, size=64)
    lists = json.loads((shared_root / "BrainTumor" / "data.json").read_text())["test"]
    names = sorted(lists["0"]) + sorted(lists["1"])
    assert [path.name for path in ds.paths] == names
    assert ds.labels.tolist() == [0] * 600 + [1] * 600
    assert ds.ids[0] == names[0].removesuffix(".jpg")
    for i in range(0, 1200, 7):
        with Image.open(shared_root / "BrainTumor" / "images" / names[i]) as image:
            plain = image.convert("L").resize((64, 64), Image.Resampling.BILINEAR)
        np.testing.assert_array_equal(ds.images[i, 0], plain)


def test_the_named_filter_is_pillows_on_the_real_files(shared_root):
    how = {"size": 100, "resize": "short_side", "resample": "lanczos"}
    ds = load("brain", "test", root=shared_root, **how)
    for i in range(0, 1200, 97):
        with Image.open(ds.paths[i]) as image:
            width, height = image.size
            short = min(image.size)
            size = (int(100 * width / short), int(100 * height / short))
            whole = image.convert("L").resize(size, Image.Resampling.LANCZOS)
        left, top = round((size[0] - 100) / 2), round((size[1] - 100) / 2)
        plain = whole.crop((left, top, left + 100, top + 100))
        np.testing.assert_array_equal(ds.images[i, 0], plain)


def test_masks_of_the_real_files_are_nearest_above_zero(shared_root):
    ds = load("brats", "test", root=shared_root, size=64)
    assert ds.images.shape == (300, 1, 64, 64)
    assert not ds.masks[:150].any()
    assert ds.masks[150:].any(axis=(1, 2)).all()
    for i in range(150, 300, 11):
        path = ds.paths[i]
        mask_path = path.parents[1] / "annotation" / path.name.replace("flair", "seg")
        with Image.open(mask_path) as mask:
            plain = np.asarray(mask.convert("L").resize((64, 64), Image.Resampling.NEAREST))
        np.testing.assert_array_equal(ds.masks[i], plain > 0)


_TREES = {
    "isic2018": (
        [f"ISIC2018_Task3_{p}_Input/{n}.jpg" for p in ("Training", "Test") for n in ("a", "b")],
        ["ISIC2018_Task3_Training_Input/a"],
        ["ISIC2018_Task3_Test_Input/a", "ISIC2018_Task3_Test_Input/b"],
    ),
    "camelyon16": (
        ["train/good/a.png", "test/good/b.png", "test/Ungood/c.png"],
        ["train/good/a"],
        ["test/good/b", "test/Ungood/c"],
    ),
    "oct2017": (
        [f"test/{c}/{c}-1.jpeg" for c in ("NORMAL", "CNV", "DME", "DRUSEN")]
        + ["train/NORMAL/a.jpeg", "train/CNV/b.jpeg"],
        ["train/NORMAL/a"],
        [f"test/{c}/{c}-1" for c in ("NORMAL", "CNV", "DME", "DRUSEN")],
    ),
    "hyper-kvasir": (
        ["train_set/a.jpg", "test_set/normal_test/b.jpg", "test_set/abnormal_test/c.jpg"],
        ["train_set/a"],
        ["test_set/normal_test/b", "test_set/abnormal_test/c"],
    ),
    "cp-child": (
        ["Train/Non-Polyp/a.jpg", "Train/Polyp/x.jpg", "Test/Non-Polyp/b.jpg", "Test/Polyp/c.jpg"],
        ["Train/Non-Polyp/a"],
        ["Test/Non-Polyp/b", "Test/Polyp/c"],
    ),
}


@pytest.mark.parametrize("name", _TREES)
def test_every_other_layout_end_to_end(tmp_path, save_image, name):
    from mia_data import info

    files, train_ids, test_ids = _TREES[name]
    folder = tmp_path / info(name).folder
    pixels = {file.rpartition(".")[0]: save_image(folder / file, channels=3) for file in files}
    if name == "isic2018":
        for part in ("Training", "Test"):
            table = folder / f"ISIC2018_Task3_{part}_GroundTruth"
            table.mkdir()
            text = "image,MEL,NV\na,0.0,1.0\nb,1.0,0.0\n"
            (table / f"{table.name}.csv").write_text(text)
    train, test = (load(name, split, root=tmp_path, size=8) for split in ("train", "test"))
    assert list(train.ids) == train_ids
    assert list(test.ids) == test_ids
    assert train.labels.tolist() == [0]
    assert test.labels.tolist() == [0] + [1] * (len(test_ids) - 1)
    assert train.images.shape[1] == info(name).channels
    if files[0].endswith("png"):
        image = Image.fromarray(pixels[test_ids[-1]]).resize((8, 8), Image.Resampling.BILINEAR)
        np.testing.assert_array_equal(test.images[-1], np.asarray(image).transpose(2, 0, 1))


def test_json_ids_are_names_and_brats_ids_are_paths(json_dataset, brats_dataset):
    root = json_dataset.parent
    assert load("brain", "train", root=root).ids == ("a", "b", "c")
    assert load("brats", "train", root=root).ids == ("train/p1_flair_1", "train/p2_flair_7")


def test_the_root_comes_from_the_environment(json_dataset, monkeypatch):
    monkeypatch.setenv("MIA_DATA_ROOT", str(json_dataset.parent))
    assert len(load("braintumor", "train")) == 3


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"name": "brian"}, "unknown dataset 'brian'.*did you mean"),
        ({"name": ["rsna"]}, r"unknown dataset \['rsna'\], expected one of"),
        ({"split": "val"}, "unknown split 'val', expected one of train, test"),
        ({"size": 0}, "size to be a whole number from 1 to 4096, got 0"),
        ({"size": 64.0}, "got 64.0"),
        ({"size": True}, "got True"),
        ({"channels": 2}, r"channels to be 1 \(gray\) or 3 \(RGB\), got 2"),
        ({"resize": "squish"}, "unknown resize 'squish'.*did you mean 'squash'"),
        ({"resample": "linear"}, "unknown resample 'linear'.*nearest, .*lanczos; did you mean"),
        ({"resample": 3}, "unknown resample 3, expected one of nearest"),
    ],
)
def test_a_wrong_argument_is_named(json_dataset, options, message):
    arguments = {"name": "braintumor", "split": "train", "root": json_dataset.parent, **options}
    with pytest.raises(DataError, match=message):
        load(**arguments)


def test_an_absent_root_and_an_absent_dataset_say_how_to_get_it(tmp_path):
    with pytest.raises(MissingDataError, match=r"data root .*absent does not exist; run: mia-data"):
        load("rsna", "train", root=tmp_path / "absent")
    spaced = tmp_path / "my data"
    with pytest.raises(MissingDataError, match=f"download rsna --root '{spaced}', or"):
        load("rsna", "train", root=spaced)
    with pytest.raises(MissingDataError, match=r"folder .*RSNA of rsna does not exist"):
        load("rsna", "train", root=tmp_path)
    with pytest.raises(MissingDataError, match=r"challenge\.isic-archive\.com"):
        load("isic", "train", root=tmp_path)


def test_files_that_data_json_names_and_that_are_absent_are_counted(json_dataset):
    (json_dataset / "images" / "b.png").unlink()
    with pytest.raises(DataError, match=r"names 1 of 3 files that do not exist.*images/b\.png"):
        load("braintumor", "train", root=json_dataset.parent)
    assert len(load("braintumor", "test", root=json_dataset.parent)) == 4


def test_a_missing_mask_is_named(brats_dataset):
    (brats_dataset / "test" / "annotation" / "t1_seg_3.png").unlink()
    with pytest.raises(DataError, match=r"t1_seg_3\.png"):
        load("brats", "test", root=brats_dataset.parent)


@pytest.mark.parametrize("name", ["braintumor", "brats2021"])
def test_images_are_counted_as_they_are_loaded(name, shared_root):
    counts = count(name, root=shared_root)
    train, test = (load(name, split, root=shared_root, size=8) for split in ("train", "test"))
    assert counts.train_normal == len(train)
    assert [counts.test_normal, counts.test_abnormal] == np.bincount(test.labels).tolist()


def test_nothing_is_opened_to_count(tmp_path):
    for name in ("train/good/a.png", "test/good/b.png", "test/Ungood/c.png", "test/Ungood/d.png"):
        path = tmp_path / "Camelyon16" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"not an image")
    assert count("camelyon16", root=tmp_path) == Counts(1, 1, 2)


def test_what_has_no_files_counts_what_it_should_have(tmp_path):
    assert count("phantom", root=tmp_path) == info("phantom").counts
    with pytest.raises(MissingDataError, match="rsna"):
        count("rsna", root=tmp_path)
