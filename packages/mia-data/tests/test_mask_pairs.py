"""Masks are paired with images by name; those that do not fit are named."""

import numpy as np
import pytest
from mia_data import DataError, from_folder
from PIL import Image


@pytest.mark.parametrize(
    ("masks", "ending"), [("ground_truth", "_mask"), ("masks", ""), ("masks", "_mask")]
)
def test_masks_are_paired_by_name(tree, save_image, masks, ending):
    folder = tree("test/good/b.png", "test/cyst/c.png", "test/x/c.jpg")
    expected = {}
    for i, kind in enumerate(("cyst", "x")):
        expected[kind] = np.eye(8, k=i, dtype=np.uint8)
        save_image(folder / masks / kind / f"c{ending}.png", expected[kind] * 255)
    test = from_folder(folder, "test", size=8)
    np.testing.assert_array_equal(test.masks, [np.zeros((8, 8)), expected["cyst"], expected["x"]])


def test_images_that_differ_in_their_suffix_have_masks_that_name_it(tree, save_image):
    tree("test/good/b.png", "test/x/c.png", "test/x/c.bmp", "test/x/d_mask.png", "test/x/e.jpg")
    names = ("c.bmp_mask.png", "c.png", "d_mask_mask.tif", "e.jpg.png")
    masks = [np.eye(8, k=k, dtype=np.uint8) for k in range(len(names))]
    folder = tree() / "masks" / "x"
    for name, mask in zip(names, masks, strict=True):
        save_image(folder / name, mask)
    test = from_folder(tree(), "test", size=8)
    assert test.ids == ("test/good/b", "test/x/c.bmp", "test/x/c.png", "test/x/d_mask", "test/x/e")
    np.testing.assert_array_equal(test.masks[1:], masks)


def _no_mask(folder):
    (folder / "ground_truth" / "x" / "c_mask.png").unlink()


def _two_masks(folder):
    mask = folder / "ground_truth" / "x" / "c_mask.png"
    mask.with_name("c.png").write_bytes(mask.read_bytes())


def _stray_mask(folder):
    mask = folder / "ground_truth" / "x" / "c_mask.png"
    mask.with_name("z_mask.png").write_bytes(mask.read_bytes())


def _same_mask_in_another_format(folder):
    mask = folder / "ground_truth" / "x" / "c_mask.png"
    Image.open(mask).save(mask.with_name("c.bmp"))


def _same_image_in_another_format(folder):
    image = folder / "test" / "x" / "c.png"
    Image.open(image).save(image.with_name("c.bmp"))


def _no_mask_folder(folder):
    _no_mask(folder)
    (folder / "ground_truth" / "x" / "d_mask.png").unlink()
    (folder / "ground_truth" / "x").rmdir()


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (_no_mask, r"c\.png has 0 masks in .*ground_truth/x, expected one"),
        (_two_masks, r"c\.png has 2 masks .*c\.png, .*c_mask\.png\), expected one"),
        (_same_mask_in_another_format, r"c\.png has 2 masks .*c\.bmp, .*c_mask\.png\)"),
        (_same_image_in_another_format, r"c_mask\.png may belong to .*c\.bmp or .*c\.png; exp"),
        (_stray_mask, r"z_mask\.png belongs to no image"),
        (_no_mask_folder, "cannot list the folder .*ground_truth/x"),
        (lambda folder: (folder / "masks").mkdir(), "both ground_truth and masks"),
    ],
)
def test_masks_that_do_not_fit_are_named(tree, damage, message):
    folder = tree(
        "test/good/b.png",
        "test/x/c.png",
        "test/x/d.png",
        "ground_truth/x/c_mask.png",
        "ground_truth/x/d_mask.png",
    )
    assert from_folder(folder, "test").masks.any()
    damage(folder)
    with pytest.raises(DataError, match=message):
        from_folder(folder, "test")
