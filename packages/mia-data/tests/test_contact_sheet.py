"""Contact sheets: the right images in the right places, outlines on the masks' borders."""

import dataclasses

import numpy as np
import pytest
from mia_data import DataError, load
from mia_data.contact_sheet import contact_sheet, save_contact_sheet
from PIL import Image

TITLE, GAP = 18, 2
RED = (255, 64, 64)


@pytest.fixture(scope="module")
def ds(tmp_path_factory):
    return load("phantom", "test", size=64, cache_dir=tmp_path_factory.mktemp("cache"))


def _tiles(sheet, columns, rows, tile):
    pixels = np.asarray(sheet)
    return [
        pixels[top : top + tile, left : left + tile]
        for top in range(TITLE, TITLE + rows * (tile + GAP), tile + GAP)
        for left in range(0, columns * (tile + GAP), tile + GAP)
    ]


def test_tiles_are_images_of_the_split_half_of_them_abnormal(ds):
    tiles = _tiles(contact_sheet(ds, columns=4, rows=2, tile=64), 4, 2, 64)
    images = np.repeat(ds.images[:, 0, :, :, None], 3, axis=3)
    chosen = []
    for tile in tiles:
        outline = (tile == RED).all(axis=2)
        same = [i for i in range(len(ds)) if (images[i][~outline] == tile[~outline]).all()]
        assert len(same) == 1
        chosen += same
        mask = ds.masks[same[0]].astype(bool)
        assert outline[~mask].sum() == 0
        assert outline.any() == mask.any()
    assert chosen == sorted(set(chosen))
    assert ds.labels[chosen].tolist() == [0] * 4 + [1] * 4


def test_the_outline_is_the_border_of_the_mask(ds):
    masks = np.zeros((1, 64, 64), np.uint8)
    masks[0, 0:5, 10:20] = 1
    one = dataclasses.replace(
        ds, images=ds.images[-1:], labels=ds.labels[-1:], masks=masks, ids=ds.ids[-1:]
    )
    (tile,) = _tiles(contact_sheet(one, columns=1, rows=1, tile=64), 1, 1, 64)
    expected = masks[0].copy()
    expected[1:4, 11:19] = 0
    np.testing.assert_array_equal((tile == RED).all(axis=2), expected.astype(bool))


def test_the_seed_decides_which_images(ds):
    sheets = [np.asarray(contact_sheet(ds, rows=2, tile=32, seed=s)) for s in (1, 1, 2)]
    np.testing.assert_array_equal(sheets[0], sheets[1])
    assert (sheets[0] != sheets[2]).any()


def test_a_small_split_fills_what_it_can(ds):
    few = dataclasses.replace(
        ds, images=ds.images[:3], labels=ds.labels[:3], masks=ds.masks[:3], ids=ds.ids[:3]
    )
    sheet = contact_sheet(few, columns=2, rows=5, tile=32)
    assert sheet.size == (2 * 34 - 2, TITLE + 2 * 34 - 2)


def test_color_is_kept(tmp_path, save_image):
    from mia_data import from_folder

    pixels = save_image(tmp_path / "own" / "a.png", size=(32, 32), channels=3)
    rgb = from_folder(tmp_path / "own", size=32, channels=3)
    (tile,) = _tiles(contact_sheet(rgb, columns=1, rows=1, tile=32), 1, 1, 32)
    np.testing.assert_array_equal(tile, pixels)


def test_saving_writes_a_png_and_nothing_else(ds, tmp_path):
    path = save_contact_sheet(ds, tmp_path / "x.png", rows=1, tile=32)
    with Image.open(path) as image:
        assert image.format == "PNG"
    assert [p.name for p in tmp_path.iterdir()] == ["x.png"]


def test_a_folder_that_is_not_there_and_a_wrong_number_are_named(ds, tmp_path):
    with pytest.raises(DataError, match=r"cannot write .*absent/x\.png: No such file"):
        save_contact_sheet(ds, tmp_path / "absent" / "x.png")
    with pytest.raises(DataError, match="columns to be a whole number, 1 or above, got 0"):
        contact_sheet(ds, columns=0)
    with pytest.raises(DataError, match="seed to be a whole number, 0 or above, got -1"):
        contact_sheet(ds, seed=-1)


def test_numpy_integers_are_whole_numbers(ds):
    plain = {"columns": 2, "rows": 1, "tile": 32, "seed": 3}
    numpy = {name: np.int64(value) for name, value in plain.items()}
    np.testing.assert_array_equal(contact_sheet(ds, **numpy), contact_sheet(ds, **plain))


def test_a_sheet_that_would_fill_the_memory_is_refused(ds):
    with pytest.raises(DataError, match="at most 89478485 pixels, got 129999998 x"):
        contact_sheet(ds, columns=1_000_000)
