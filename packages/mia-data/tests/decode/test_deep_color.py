"""Files written byte by byte with 16 bits a channel: no bit of a value is lost."""

import struct
import zlib

import numpy as np
import pytest
from mia_data import from_folder
from mia_data.decode.intensity import to_uint8
from mia_data.decode.mask import read_mask
from mia_data.decode.pillow import read_image
from mia_data.errors import DataError

PNG_COLOR_TYPES = {2: 4, 3: 2, 4: 6}  # By the number of channels: gray + alpha, RGB, RGBA.
RGB, CMYK = 2, 5
PREMULTIPLIED, NOT_PREMULTIPLIED = 1, 2


@pytest.fixture
def png(make_png):
    """Return the bytes of a PNG whose lines use the filters "none" and "up" in turn."""

    def make(pixels):
        height, width, channels = pixels.shape
        lines = pixels.astype(">u2").view(np.uint8).reshape(height, -1)
        above = np.vstack([np.zeros_like(lines[:1]), lines[:-1]])
        data = b"".join(
            b"\2" + (lines[i] - above[i]).tobytes() if i % 2 else b"\0" + lines[i].tobytes()
            for i in range(height)
        )
        color_type = PNG_COLOR_TYPES[channels]
        return make_png(width, height, bits=16, color_type=color_type, data=data)

    return make


def _tiff(pixels, order="<", kind=RGB, alpha=None, *, deflate=False, planes=False):
    """Return a TIFF of one strip, or of one strip a channel."""
    height, width, channels = pixels.shape
    strips = pixels.transpose(2, 0, 1) if planes else pixels[None]
    strips = [strip.astype(f"{order}u2").tobytes() for strip in strips]
    strips = [zlib.compress(strip) if deflate else strip for strip in strips]
    ends = np.cumsum([8, *map(len, strips)]).tolist()
    tags = {
        256: [width],
        257: [height],
        258: [16] * channels,
        259: [8 if deflate else 1],
        262: [kind],
        273: ends[:-1],
        277: [channels],
        278: [height],
        279: [len(strip) for strip in strips],
        284: [2 if planes else 1],
    }
    if alpha is not None:
        tags[338] = [alpha]
    at = ends[-1] + 2 + 12 * len(tags) + 4
    entries, more = b"", b""
    for tag, values in sorted(tags.items()):
        data = struct.pack(f"{order}{len(values)}I", *values)
        entries += struct.pack(f"{order}HHI", tag, 4, len(values))
        if len(values) == 1:
            entries += data
        else:
            entries += struct.pack(f"{order}I", at + len(more))
            more += data
    mark = b"II*\0" if order == "<" else b"MM\0*"
    head = mark + struct.pack(f"{order}I", ends[-1])
    count = struct.pack(f"{order}H", len(tags))
    return head + b"".join(strips) + count + entries + struct.pack(f"{order}I", 0) + more


def _write(path, data):
    path.write_bytes(data)
    return path


@pytest.fixture
def pixels(rng):
    """12-bit values, whose high byte says next to nothing."""
    return rng.integers(0, 4096, (10, 12, 4), dtype=np.uint16)


@pytest.fixture(
    params=[
        "png",
        "alpha.png",
        *(f"{order}.{end}" for order in "<>" for end in ("tif", "alpha.tif", "deflate.tif")),
    ]
)
def color_file(request, tmp_path, png, pixels):
    name = request.param
    stored = pixels if "alpha" in name else pixels[..., :3]
    if name.endswith("png"):
        return _write(tmp_path / "x.png", png(stored))
    alpha = NOT_PREMULTIPLIED if "alpha" in name else None
    return _write(
        tmp_path / "x.tif", _tiff(stored, name[0], alpha=alpha, deflate="deflate" in name)
    )


@pytest.mark.parametrize("window", [None, (0, 4095), (1000, 1100)])
def test_all_channels_have_the_same_gray_scale(color_file, pixels, window):
    expected = to_uint8(pixels[..., :3], window)
    np.testing.assert_array_equal(read_image(color_file, "RGB", window), expected)


def test_color_becomes_gray_after_the_window(color_file, pixels):
    expected = to_uint8(pixels[..., :3], (0, 4095)) @ [0.299, 0.587, 0.114]
    np.testing.assert_allclose(read_image(color_file, "L", (0, 4095)), expected, atol=1)


@pytest.mark.parametrize("window", [None, (0, 4095)])
def test_gray_with_alpha_is_read_as_gray(tmp_path, png, pixels, window):
    path = _write(tmp_path / "x.png", png(pixels[..., :2]))
    expected = to_uint8(pixels[..., 0], window)
    np.testing.assert_array_equal(read_image(path, "L", window), expected)


def test_a_mask_is_abnormal_where_any_channel_is_above_zero(tmp_path, png):
    values = np.zeros((4, 4, 3), np.uint16)
    values[0, 1, 0] = values[1, 2, 1] = values[2, 3, 2] = 1
    for path in (
        _write(tmp_path / "m.png", png(values)),
        _write(tmp_path / "m.tif", _tiff(values)),
    ):
        assert np.argwhere(read_mask(path)).tolist() == [[0, 1], [1, 2], [2, 3]]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kind": CMYK}, "CMYK;16L"),
        ({"alpha": PREMULTIPLIED}, "RGBa;16L"),
        ({"alpha": NOT_PREMULTIPLIED, "planes": True}, "one plane a channel"),
        ({"alpha": NOT_PREMULTIPLIED, "planes": True, "deflate": True}, "one plane a channel"),
    ],
)
def test_color_that_cannot_be_read_whole_is_refused(tmp_path, pixels, options, message):
    path = _write(tmp_path / "x.tif", _tiff(pixels, **options))
    with pytest.raises(
        DataError, match=f"x.tif holds color of 16 bits as .*{message}, expected RGB"
    ):
        read_image(path, "L", None)


def test_a_truncated_file_is_named(tmp_path, png, pixels):
    data = png(pixels)
    _write(tmp_path / "x.png", data[: len(data) // 2])
    with pytest.raises(DataError, match=r"x\.png.*truncated"):
        from_folder(tmp_path)
