"""Pixel values equal those of Pillow's own conversions; hostile files are refused."""

import io
import warnings

import numpy as np
import pytest
from mia_data.decode.pillow import read_image
from mia_data.errors import DataError
from mia_data.limits import DEFAULTS
from PIL import Image


@pytest.mark.parametrize("mode", ["L", "RGB"])
@pytest.mark.parametrize("stored", ["L", "RGB", "RGBA", "LA", "P", "1", "CMYK"])
def test_conversion_is_that_of_pillow(tmp_path, rng, stored, mode):
    pixels = rng.integers(0, 256, (10, 12, 3), dtype=np.uint8)
    path = tmp_path / ("x.tif" if stored == "CMYK" else "x.png")
    Image.fromarray(pixels).convert(stored).save(path)
    with Image.open(path) as image:
        expected = np.asarray(image.convert(mode))
    np.testing.assert_array_equal(read_image(path, mode, None), expected)


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_a_palette_with_transparency_gives_its_colors_without_a_warning(tmp_path, rng, mode):
    colors = Image.fromarray(rng.integers(0, 256, (10, 12, 3), dtype=np.uint8)).quantize(8)
    colors.save(tmp_path / "x.png", transparency=bytes(range(0, 256, 32)))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        image = read_image(tmp_path / "x.png", mode, None)
    np.testing.assert_array_equal(image, colors.convert(mode))


@pytest.mark.parametrize("suffix", ["png", "jpg", "jpeg", "tif", "tiff", "bmp"])
def test_every_format_is_read(tmp_path, save_image, suffix):
    path = tmp_path / f"x.{suffix}"
    save_image(path)
    with Image.open(path) as image:
        expected = np.asarray(image)
    np.testing.assert_array_equal(read_image(path, "L", None), expected)


def test_the_orientation_tag_is_not_applied(tmp_path, save_image):
    exif = Image.Exif()
    exif[0x0112] = 6  # Turn by 90 degrees to show it.
    save_image(tmp_path / "x.jpg", size=(12, 10), exif=exif)
    assert read_image(tmp_path / "x.jpg", "L", None).size == (12, 10)


@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_16_bit_gray_is_scaled_and_not_clipped(tmp_path, suffix):
    ramp = np.linspace(1000, 5000, 256).astype(np.uint16).reshape(16, 16)
    Image.fromarray(ramp).save(tmp_path / f"x.{suffix}")
    percentiles = np.asarray(read_image(tmp_path / f"x.{suffix}", "L", None))
    assert (percentiles.min(), percentiles.max()) == (0, 255)
    assert (np.diff(percentiles.ravel().astype(int)) >= 0).all()
    window = np.asarray(read_image(tmp_path / f"x.{suffix}", "L", (0, 10000)))
    np.testing.assert_allclose(window, ramp / 10000 * 255, atol=0.5)


def test_float_tiff_is_scaled(tmp_path):
    values = np.linspace(-1, 1, 256, dtype=np.float32).reshape(16, 16)
    Image.fromarray(values).save(tmp_path / "x.tif")
    pixels = np.asarray(read_image(tmp_path / "x.tif", "L", (-1, 1)))
    np.testing.assert_allclose(pixels, (values + 1) / 2 * 255, atol=0.51)


MAX_PIXELS = DEFAULTS["MIA_MAX_PIXELS"]


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize("width", [MAX_PIXELS // 1000 + 1, 2**31 - 1])
@pytest.mark.parametrize("limit", [Image.MAX_IMAGE_PIXELS, None])
def test_a_decompression_bomb_is_refused_whatever_pillows_limit_is(
    tmp_path, monkeypatch, make_png, width, limit
):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", limit)
    # The header promises a size that the few bytes do not hold.
    huge = make_png(width, 1000, bits=8, color_type=0, data=bytes(1000))
    (tmp_path / "x.png").write_bytes(huge)
    with pytest.raises(DataError, match=f"x.png.*expected at most {MAX_PIXELS}"):
        read_image(tmp_path / "x.png", "L", None)
    assert limit == Image.MAX_IMAGE_PIXELS


def test_a_tiff_of_several_pages_is_refused(tmp_path, save_image):
    page = Image.fromarray(np.zeros((4, 4), np.uint8))
    page.save(tmp_path / "x.tif", save_all=True, append_images=[page])
    with pytest.raises(DataError, match="several pages"):
        read_image(tmp_path / "x.tif", "L", None)


def test_formats_outside_the_list_are_not_even_tried(tmp_path):
    data = io.BytesIO()
    Image.fromarray(np.zeros((4, 4), np.uint8)).save(data, format="GIF")
    (tmp_path / "x.png").write_bytes(data.getvalue())
    with pytest.raises(DataError, match="not an image of a known format"):
        read_image(tmp_path / "x.png", "L", None)
