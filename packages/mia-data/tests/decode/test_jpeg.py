"""JPEG files that are whole are read as Pillow reads them; those damaged inside are refused."""

import io

import numpy as np
import pytest
from mia_data import DataError, decode_files, from_folder
from mia_data.decode.jpeg import load_jpeg
from mia_data.decode.jpeg_structure import END
from PIL import Image

KINDS = {
    "gray": {},
    "rgb": {},
    "cmyk": {},
    "subsampled": {"subsampling": 2},
    "full chroma": {"subsampling": 0},
    "optimized": {"optimize": True},
    "progressive": {"progressive": True},
    "restarts": {"restart_marker_blocks": 7},
    "restarts in rows": {"restart_marker_rows": 1, "subsampling": 2},
}
MODES = {"gray": "L", "cmyk": "CMYK", "restarts": "L"}


def _smooth(rng, size):
    """An image with some structure everywhere."""
    small = rng.integers(0, 256, (size[1] // 6 + 2, size[0] // 6 + 2, 3), dtype=np.uint8)
    return Image.fromarray(small).resize(size, Image.Resampling.BICUBIC)


def _encode(image, kind, quality=75):
    data = io.BytesIO()
    image.convert(MODES.get(kind, "RGB")).save(data, "JPEG", quality=quality, **KINDS[kind])
    return data.getvalue()


def _load(data):
    image = Image.open(io.BytesIO(data), formats=("JPEG",))
    load_jpeg(image)
    return np.asarray(image)


def _scan_starts(data):
    """Where the data of each scan begin."""
    starts, at = [], data.find(b"\xff\xda")
    while at >= 0:
        starts.append(at + 2 + int.from_bytes(data[at + 2 : at + 4], "big"))
        at = data.find(b"\xff\xda", starts[-1])
    return starts


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [(1, 1), (8, 8), (17, 30), (120, 90)])
def test_a_whole_file_is_read_as_pillow_reads_it(rng, kind, size):
    for image in (_smooth(rng, size), Image.new("RGB", size), Image.new("RGB", size, (128,) * 3)):
        for quality in (20, 75, 93):
            data = _encode(image, kind, quality)
            np.testing.assert_array_equal(_load(data), np.asarray(Image.open(io.BytesIO(data))))


@pytest.mark.parametrize("extra", [b"", b"\0" * 500, b" another" + END, bytes(500) + END])
def test_what_stands_behind_the_image_does_not_matter(rng, extra):
    data = _encode(_smooth(rng, (60, 40)), "rgb")
    np.testing.assert_array_equal(_load(data + extra), _load(data))


def test_a_few_bytes_before_the_end_marker_do_not_matter(rng):
    data = _encode(_smooth(rng, (60, 40)), "gray")
    np.testing.assert_array_equal(_load(data[:-2] + bytes(30) + END), _load(data))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("share", [0.05, 0.3, 0.6, 0.9])
def test_data_that_end_early_are_refused(rng, kind, share):
    data = _encode(_smooth(rng, (120, 90)), kind)
    start = _scan_starts(data)[0]
    cut = start + int((len(data) - start) * share)
    for damaged in (
        data[:cut],
        data[:cut] + END,
        data[:cut] + END + data[cut:],
        data[:cut] + END + b"another" + END,
    ):
        with pytest.raises(ValueError, match="it is truncated: its data end before the image does"):
            _load(damaged)


@pytest.mark.parametrize("kind", ["gray", "rgb", "subsampled", "progressive", "restarts"])
@pytest.mark.parametrize("share", [0.05, 0.3, 0.6])
def test_data_that_are_zeros_to_the_end_are_refused(rng, kind, share):
    data = _encode(_smooth(rng, (120, 90)), kind)
    start = _scan_starts(data)[0]
    cut = start + int((len(data) - start) * share)
    for end in (b"", END):
        with pytest.raises(ValueError, match=r"it is (damaged|truncated)"):
            _load(data[:cut] + bytes(len(data) - cut - len(end)) + end)


@pytest.mark.parametrize("kind", ["gray", "rgb", "restarts"])
def test_zeros_in_the_middle_are_refused(rng, kind):
    data = _encode(_smooth(rng, (120, 90)), kind)
    middle = (_scan_starts(data)[0] + len(data)) // 2
    with pytest.raises(ValueError, match=r"it is damaged: .* bytes of its data are zeros"):
        _load(data[:middle] + bytes(256) + data[middle + 256 :])


def test_data_that_go_on_behind_the_image_are_refused(rng):
    data = _encode(_smooth(rng, (60, 40)), "gray")
    extra = bytes(range(1, 200))
    with pytest.raises(ValueError, match="it is damaged: its data go on"):
        _load(data[:-2] + extra + END)


def test_a_progressive_image_without_its_last_scan_is_refused(rng):
    data = _encode(_smooth(rng, (60, 40)), "progressive")
    last = data.rfind(b"\xff\xda")
    with pytest.raises(ValueError, match="its data end before the image does"):
        _load(data[:last] + END)


def test_a_progressive_image_cut_in_its_last_scan_is_refused(rng):
    data = _encode(_smooth(rng, (60, 40)), "progressive")
    with pytest.raises(ValueError, match="its data end before the image does"):
        _load(data[: (_scan_starts(data)[-1] + len(data)) // 2] + END)


def test_a_restart_that_is_missing_is_refused(rng):
    data = _encode(_smooth(rng, (120, 90)), "restarts")
    first, second = (data.find(bytes((0xFF, 0xD0 + i))) for i in (0, 1))
    with pytest.raises(ValueError, match="its data end before the image does"):
        _load(data[:first] + data[second:])


def test_a_restart_interval_that_ends_early_is_refused(rng):
    data = _encode(_smooth(rng, (120, 90)), "restarts")
    border = data.find(b"\xff\xd2")
    with pytest.raises(ValueError, match="its data end before the image does"):
        _load(data[: border - 12] + data[border:])


def test_real_images_are_whole(shared_root):
    paths = sorted((shared_root / "ChestXray").glob("*/*/*.jpg"))[::30]
    assert len(paths) > 20
    for path in paths:
        with Image.open(path) as image:
            np.testing.assert_array_equal(np.asarray(_load(path.read_bytes())), np.asarray(image))


@pytest.fixture
def damaged(tmp_path, rng):
    data = _encode(_smooth(rng, (120, 90)), "gray", 90)
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "x.jpg").write_bytes(data[: len(data) // 2] + END)
    return tmp_path / "in"


def test_a_damaged_file_is_named_or_read_where_that_is_allowed(damaged):
    allowed = from_folder(damaged, size=32, allow_damaged=True)
    assert np.ptp(allowed.images[0, 0, :8]) > 0
    assert np.ptp(allowed.images[0, 0, -8:]) == 0
    # What is allowed has an entry of its own in the cache.
    with pytest.raises(DataError, match=r"cannot read .*x\.jpg: it is truncated: its data end"):
        from_folder(damaged, size=32)


def test_a_file_that_is_cut_off_can_be_allowed_too(damaged):
    path = damaged / "x.jpg"
    path.write_bytes(path.read_bytes()[: -len(END)])
    told = []
    assert not list(decode_files(damaged, ["x.jpg"], on_error=lambda *what: told.append(what)))
    assert "it is truncated" in str(told[0][1])
    found = next(decode_files(damaged, ["x.jpg"], size=32, allow_damaged=True))
    assert np.ptp(found.image[0, -8:]) == 0
    with pytest.raises(DataError, match="allow_damaged to be True or False, got 'yes'"):
        decode_files(damaged, ["x.jpg"], allow_damaged="yes")
