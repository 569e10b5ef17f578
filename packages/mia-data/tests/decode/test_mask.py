"""Which pixels of a mask are abnormal, whatever its mode; what cannot be told is refused."""

import numpy as np
import pytest
from mia_data.decode.mask import read_mask
from mia_data.errors import DataError
from PIL import Image


@pytest.fixture
def read(tmp_path):
    def write_and_read(image, name="m.png", **options):
        image.save(tmp_path / name, **options)
        return np.asarray(read_mask(tmp_path / name))

    return write_and_read


ON = np.zeros((6, 7), np.bool_)
ON[1:3, 2:6] = True


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_mask_is_abnormal_above_zero_at_any_depth(tmp_path, dtype):
    values = np.zeros((6, 6), dtype)
    values[1:3, 2:4] = 1
    values[4, 4] = np.iinfo(dtype).max
    Image.fromarray(values).save(tmp_path / "m.png")
    np.testing.assert_array_equal(read_mask(tmp_path / "m.png"), (values > 0) * 255)


def _painted(background, lesion):
    pixels = np.empty((*ON.shape, len(lesion)), np.uint8)
    pixels[...] = background
    pixels[ON] = lesion
    return Image.fromarray(pixels)


@pytest.mark.parametrize("color", [(0, 0, 1), (1, 0, 0), (0, 4, 0), (255, 255, 255)])
def test_a_color_that_is_not_black_marks_however_dark(read, color):
    np.testing.assert_array_equal(read(_painted((0, 0, 0), color)), ON * 255)


@pytest.mark.parametrize("index", [1, 2, 255])
@pytest.mark.parametrize("color", [(0, 0, 1), (1, 0, 0), (128, 0, 0)])
def test_a_palette_marks_by_its_colors(read, color, index):
    image = Image.fromarray((ON * index).astype(np.uint8)).convert("P")
    image.putpalette([0, 0, 0, *(color if index > 0 else ()) * 255])
    np.testing.assert_array_equal(read(image), ON * 255)


def test_two_indices_of_one_black_do_not_mark(read):
    image = Image.fromarray(ON.astype(np.uint8) + np.uint8(1)).convert("P")
    image.putpalette([9, 9, 9, 0, 0, 0, 0, 0, 0])
    assert not read(image).any()


@pytest.mark.parametrize(
    ("background", "lesion"),
    [
        ((0, 0, 0, 0), (0, 0, 0, 255)),  # black on transparent
        ((255, 255, 255, 0), (255, 255, 255, 255)),  # white, alpha marks
        ((7, 0, 0, 0), (0, 0, 9, 1)),  # colors that nobody sees
        ((0, 0, 0, 255), (0, 0, 1, 255)),  # all opaque: the color marks
        ((0, 0, 0, 255), (255, 0, 0, 90)),  # nothing transparent: the color marks
        ((0, 0), (0, 255)),
        ((0, 255), (3, 255)),
    ],
)
def test_alpha_marks_where_something_is_transparent(read, background, lesion):
    np.testing.assert_array_equal(read(_painted(background, lesion)), ON * 255)


def test_a_transparent_color_of_a_palette_does_not_mark(read):
    image = Image.fromarray(ON.astype(np.uint8)).convert("P")
    image.putpalette([200, 200, 200, 1, 0, 0])
    np.testing.assert_array_equal(read(image, transparency=0), ON * 255)


def test_transparent_black_and_colored_pixels_at_once_are_refused(read):
    pixels = np.array(_painted((0, 0, 0, 0), (255, 0, 0, 255)))
    pixels[5] = (0, 0, 0, 255)
    with pytest.raises(DataError, match=r"m\.png has transparent pixels beside black and colored"):
        read(Image.fromarray(pixels))


def test_colors_that_are_all_transparent_are_refused_and_black_is_empty(read):
    with pytest.raises(DataError, match="transparent pixels"):
        read(_painted((0, 0, 0, 0), (255, 0, 0, 0)))
    assert not read(_painted((0, 0, 0, 0), (0, 0, 0, 0))).any()


@pytest.mark.parametrize("value", [1, 2, 255])
def test_gray_and_bilevel_mark_above_zero(read, value):
    np.testing.assert_array_equal(read(Image.fromarray((ON * value).astype(np.uint8))), ON * 255)
    np.testing.assert_array_equal(read(Image.fromarray(ON)), ON * 255)


def test_a_float_marks_above_zero_and_nan_is_refused(read):
    values = np.where(ON, np.float32(1e-3), np.float32(-1))
    np.testing.assert_array_equal(read(Image.fromarray(values), "m.tif"), ON * 255)
    values[0, 0] = np.nan
    with pytest.raises(DataError, match=r"mask .*m\.tif holds NaN"):
        read(Image.fromarray(values), "m.tif")


@pytest.mark.parametrize("name", ["m.jpg", "m.png"])
def test_a_jpeg_is_refused_whatever_its_suffix(read, name):
    with pytest.raises(DataError, match=r"is a JPEG, .*expected a mask in a format that keeps"):
        read(Image.fromarray((ON * 255).astype(np.uint8)), name, format="JPEG")
