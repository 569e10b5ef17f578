"""BMP files of every depth and palette, against the pixels in them."""

import struct

import numpy as np
import pytest
from mia_data.decode.mask import read_mask
from mia_data.decode.pillow import read_image
from mia_data.errors import DataError


@pytest.fixture
def write_bmp(tmp_path):
    """Write numbers of so many bits with a palette of gray levels, from the bottom row up."""

    def write(numbers, bits, palette):
        height, width = numbers.shape
        ones = (numbers[::-1, :, None] >> np.arange(bits)[::-1]) & 1
        rows = np.packbits(ones.reshape(height, -1).astype(np.uint8), axis=1)
        rows = np.pad(rows, ((0, 0), (0, -rows.shape[1] % 4)))
        colors = b"".join(bytes((gray, gray, gray, 0)) for gray in palette)
        start = 14 + 40 + len(colors)
        head = b"BM" + struct.pack("<IHHI", start + rows.size, 0, 0, start)
        info = struct.pack("<IiiHHIIiiII", 40, width, height, 1, bits, 0, 0, 0, 0, len(palette), 0)
        path = tmp_path / "x.bmp"
        path.write_bytes(head + info + colors + rows.tobytes())
        return path

    return write


@pytest.mark.parametrize(
    ("bits", "palette"),
    [
        (1, [0, 255]),
        (1, [255, 0]),
        (1, [9, 80]),
        (8, [0, 255]),
        (8, [255, 0]),
        (8, [0, 1, 2]),
        (8, list(range(256))),
        (8, [7, 7, 200]),
        (4, [0, 17, 34, 255]),
        (4, [5, 250]),
    ],
)
def test_a_palette_of_any_depth_gives_its_colors(write_bmp, rng, bits, palette):
    numbers = rng.integers(0, len(palette), (9, 13))
    path = write_bmp(numbers, bits, palette)
    expected = np.array(palette)[numbers]
    np.testing.assert_array_equal(read_image(path, "L", None), expected)
    np.testing.assert_array_equal(np.asarray(read_mask(path)) > 0, expected > 0)


@pytest.mark.parametrize("palette", [[0, 255], list(range(16))])
def test_numbers_of_4_bits_that_pillow_takes_for_gray_are_refused(write_bmp, rng, palette):
    path = write_bmp(rng.integers(0, len(palette), (9, 13)), 4, palette)
    with pytest.raises(DataError, match=r"x\.bmp holds gray numbers of 4 bits with a palette"):
        read_image(path, "L", None)
