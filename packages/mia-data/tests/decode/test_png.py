"""Damaged PNG files are refused where a pixel may be wrong."""

from __future__ import annotations

import io
import zlib

import numpy as np
import pytest
from mia_data import DataError, from_folder
from mia_data.decode.png import SIGNATURE, check_png
from PIL import Image, PngImagePlugin


@pytest.fixture
def content():
    """A PNG with a comment and with its pixels in several chunks."""
    rng = np.random.default_rng(0)
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", "nothing")
    file = io.BytesIO()
    pixels = rng.integers(0, 256, (200, 200), np.uint8)
    Image.fromarray(pixels).save(file, "PNG", pnginfo=text, compress_level=0)
    return file.getvalue()


def chunks(content):
    """Kind -> starts of its chunks."""
    found, at = {}, len(SIGNATURE)
    while at < len(content):
        found.setdefault(content[at + 4 : at + 8], []).append(at)
        at += 12 + int.from_bytes(content[at : at + 4], "big")
    return found


def flipped(content, at):
    changed = bytearray(content)
    changed[at] ^= 1
    return bytes(changed)


def test_a_changed_pixel_is_noticed_and_names_its_chunk(content, tmp_path):
    start = chunks(content)[b"IDAT"][0]
    checksum = start + 8 + int.from_bytes(content[start : start + 4], "big")
    expected = rf"a\.png is damaged: the checksum of its chunk b'IDAT' at byte {start} is"
    for place in (start + 300, checksum):
        (tmp_path / "a.png").write_bytes(flipped(content, place))
        with pytest.raises(DataError, match=expected):
            from_folder(tmp_path, size=200, cache_dir=tmp_path / "cache")
    # It is the checksum now that is damaged, and no pixel.
    found = from_folder(tmp_path, size=200, allow_damaged=True, cache_dir=tmp_path / "cache")
    with Image.open(io.BytesIO(content)) as image:
        np.testing.assert_array_equal(found.images[0, 0], np.asarray(image))


def test_a_whole_file_and_a_changed_comment_are_read(content):
    check_png(content, "a.png")
    (comment,) = chunks(content)[b"tEXt"]
    check_png(flipped(content, comment + 10), "a.png")


@pytest.mark.parametrize("kind", [b"IHDR", b"IDAT", b"IEND"])
def test_every_chunk_that_is_needed_is_checked(content, kind):
    at = chunks(content)[kind][0]
    with pytest.raises(DataError, match=repr(kind)):
        check_png(flipped(content, at + 8 + (0 if kind == b"IEND" else 2)), "a.png")


def test_what_follows_the_end_is_no_part_of_the_image(content):
    check_png(content + b"more", "a.png")


def test_an_early_end_is_noticed(content):
    (start, *_) = chunks(content)[b"IDAT"]
    with pytest.raises(DataError, match=f"ends inside its chunk b'IDAT' at byte {start}"):
        check_png(content[: start + 100], "a.png")
    chunk = b"IDAT" + b"x" * 10
    data = SIGNATURE + (1 << 31).to_bytes(4, "big") + chunk + zlib.crc32(chunk).to_bytes(4, "big")
    with pytest.raises(DataError, match="ends inside"):
        check_png(data, "a.png")
