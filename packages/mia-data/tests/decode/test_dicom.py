"""DICOM files written for the test, against the standard's formulas."""

import sys

import numpy as np
import pytest
from mia_data import decode_files, find_images, from_folder
from mia_data.decode.dicom import read_frame
from mia_data.decode.dicom_file import open_dicom
from mia_data.errors import DataError, MissingExtraError


def read_dicom(path, mode, window, number=0):
    return read_frame(open_dicom(path), number, mode, window)


@pytest.fixture
def pixels(rng):
    return rng.integers(-1000, 2000, (10, 12)).astype(np.int16)


def test_slope_intercept_and_window_of_the_file(write_dicom, pixels):
    path = write_dicom(
        pixels, RescaleSlope="2", RescaleIntercept="-100", WindowCenter="40", WindowWidth="400"
    )
    hounsfield = pixels * 2.0 - 100
    # PS3.3 C.11.2.1.2: y = ((x - (c - 0.5)) / (w - 1) + 0.5) * 255, clipped
    expected = np.clip(((hounsfield - 39.5) / 399 + 0.5) * 255, 0, 255)
    np.testing.assert_allclose(read_dicom(path, "L", None), expected, atol=0.51)


def test_the_first_of_several_windows_is_taken(write_dicom, pixels):
    one = np.asarray(
        read_dicom(write_dicom(pixels, WindowCenter="40", WindowWidth="400"), "L", None)
    )
    two = write_dicom(pixels, WindowCenter=["40", "600"], WindowWidth=["400", "1200"])
    np.testing.assert_array_equal(read_dicom(two, "L", None), one)


def test_a_window_of_width_1_is_a_threshold(write_dicom, pixels):
    path = write_dicom(pixels, WindowCenter="40", WindowWidth="1")
    # PS3.3 C.11.2.1.2: 0 where x <= c - 0.5 - (w - 1) / 2, else 255.
    expected = np.where(pixels <= 39.5, 0, 255)
    np.testing.assert_array_equal(read_dicom(path, "L", None), expected)


@pytest.mark.parametrize("width", ["0", "-5", "0.5"])
def test_a_window_that_the_standard_does_not_allow_is_none(write_dicom, pixels, width):
    expected = np.asarray(read_dicom(write_dicom(pixels), "L", None))
    path = write_dicom(pixels, WindowCenter="40", WindowWidth=width)
    np.testing.assert_array_equal(read_dicom(path, "L", None), expected)


def test_an_exact_window(write_dicom, pixels):
    path = write_dicom(pixels, WindowCenter="40", WindowWidth="0.5", VOILUTFunction="LINEAR_EXACT")
    # PS3.3 C.11.2.1.3.2: y = ((x - c) / w + 0.5) * 255, clipped
    expected = np.clip(((pixels - 40.0) / 0.5 + 0.5) * 255, 0, 255)
    np.testing.assert_allclose(read_dicom(path, "L", None), expected, atol=0.51)


@pytest.mark.parametrize("width", ["400", "1e-3"])
def test_a_sigmoid_window(write_dicom, pixels, width):
    path = write_dicom(pixels, WindowCenter="40.5", WindowWidth=width, VOILUTFunction="SIGMOID")
    # PS3.3 C.11.2.1.3.1: y = 255 / (1 + exp(-4 (x - c) / w))
    with np.errstate(over="ignore"):
        expected = 255 / (1 + np.exp(-4 * (pixels - 40.5) / float(width)))
    np.testing.assert_allclose(read_dicom(path, "L", None), expected, atol=0.51)


def test_an_unknown_window_function_is_refused(write_dicom, pixels):
    path = write_dicom(pixels, WindowCenter="40", WindowWidth="400", VOILUTFunction="CUBIC")
    with pytest.raises(DataError, match=r"x\.dcm: its VOI LUT function is 'CUBIC', expected LIN"):
        next(decode_files(path.parent, [path.name], size=8))


def table(entries, first, bits):
    """A sequence of one table that maps ``first`` and what follows to ``entries``."""
    from pydicom.dataset import Dataset

    item = Dataset()
    item.add_new("LUTDescriptor", "SS", [len(entries), first, bits])
    item.add_new("LUTData", "OW", np.asarray(entries, "<u2").tobytes())
    return [item]


@pytest.mark.parametrize(("entries", "bits"), [(200, 8), (3000, 8), (3000, 12), (4096, 16)])
def test_a_table_of_gray_values_goes_before_the_window(write_dicom, pixels, rng, entries, bits):
    gray = rng.integers(0, 1 << bits, entries)
    first = -500
    path = write_dicom(
        pixels, VOILUTSequence=table(gray, first, bits), WindowCenter="40", WindowWidth="400"
    )
    # PS3.3 C.11.2.1.1: below the first value the first entry, beyond the last the last
    inside = np.clip(pixels.astype(int) - first, 0, entries - 1)
    expected = gray[inside] * 255 / ((1 << bits) - 1)
    np.testing.assert_allclose(read_dicom(path, "L", None), expected, atol=0.51)


def test_a_modality_table_comes_before_the_window(write_dicom, pixels, rng):
    meaning = rng.integers(0, 1 << 16, 3000)
    path = write_dicom(pixels, ModalityLUTSequence=table(meaning, -1000, 16))
    expected = meaning[pixels + 1000] * 255 / 65535
    np.testing.assert_allclose(read_dicom(path, "L", (0, 65535)), expected, atol=0.51)


def test_a_table_of_impossible_entries_is_refused(write_dicom, pixels):
    path = write_dicom(pixels, VOILUTSequence=table([0, 1], 0, 3))
    with pytest.raises(DataError, match=r"x\.dcm: its VOILUTSequence has entries of 3 bits, exp"):
        next(decode_files(path.parent, [path.name], size=8))


def test_a_given_window_goes_before_that_of_the_file(write_dicom, pixels):
    path = write_dicom(pixels, WindowCenter="40", WindowWidth="400")
    expected = np.clip((pixels + 1000.0) / 3000 * 255, 0, 255)
    np.testing.assert_allclose(read_dicom(path, "L", (-1000, 2000)), expected, atol=0.51)


def test_monochrome1_is_inverted(write_dicom, pixels):
    white_high = np.asarray(read_dicom(write_dicom(pixels), "L", None))
    path = write_dicom(pixels, PhotometricInterpretation="MONOCHROME1")
    np.testing.assert_array_equal(read_dicom(path, "L", None), 255 - white_high)


def test_color_is_kept(write_dicom, rng):
    color = rng.integers(0, 256, (10, 12, 3), dtype=np.uint8)
    np.testing.assert_array_equal(read_dicom(write_dicom(color), "RGB", None), color)


def test_a_palette_is_looked_up(write_dicom, rng):
    palette = rng.integers(0, 256, (256, 3), dtype=np.uint8)
    tables = {
        f"{color}PaletteColorLookupTable{part}": value
        for i, color in enumerate(("Red", "Green", "Blue"))
        for part, value in (("Descriptor", [256, 0, 8]), ("Data", palette[:, i].tobytes()))
    }
    numbers = rng.integers(0, 256, (10, 12), dtype=np.uint8)
    path = write_dicom(numbers, PhotometricInterpretation="PALETTE COLOR", **tables)
    np.testing.assert_array_equal(read_dicom(path, "RGB", None), palette[numbers])


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("first", [0, 100])
def test_a_palette_of_8_or_16_bits_has_the_range_of_its_entries(write_dicom, rng, bits, first):
    palette = rng.integers(0, 1 << bits, (300, 3)).astype("<u2")
    tables = {
        f"{color}PaletteColorLookupTable{part}": value
        for i, color in enumerate(("Red", "Green", "Blue"))
        for part, value in (("Descriptor", [300, first, bits]), ("Data", palette[:, i].tobytes()))
    }
    numbers = rng.integers(0, 500, (10, 12)).astype(np.uint16)
    path = write_dicom(numbers, PhotometricInterpretation="PALETTE COLOR", **tables)
    expected = palette[np.clip(numbers.astype(int) - first, 0, 299)] / ((1 << bits) - 1) * 255
    np.testing.assert_allclose(read_dicom(path, "RGB", None), expected, atol=0.51)


def test_a_palette_in_segments(write_dicom):
    segments = np.array([0, 2, 0, 100, 1, 3, 160, 0, 1, 7], "<u2").tobytes()
    tables = {
        f"{prefix}{color}PaletteColorLookupTable{part}": value
        for color in ("Red", "Green", "Blue")
        for prefix, part, value in (
            ("", "Descriptor", [6, 0, 16]),
            ("Segmented", "Data", segments),
        )
    }
    numbers = np.arange(8, dtype=np.uint8).reshape(2, 4)
    path = write_dicom(numbers, PhotometricInterpretation="PALETTE COLOR", **tables)
    # PS3.3 C.7.9.2: two discrete values, a line of three to 160, one discrete value
    entries = np.array([0, 100, 120, 140, 160, 7, 7, 7]) / 65535 * 255
    expected = np.repeat(entries.reshape(2, 4, 1), 3, axis=2)
    np.testing.assert_allclose(read_dicom(path, "RGB", None), expected, atol=0.51)


def test_a_palette_without_tables_is_refused(write_dicom, rng):
    numbers = rng.integers(0, 9, (4, 5), dtype=np.uint8)
    path = write_dicom(numbers, PhotometricInterpretation="PALETTE COLOR")
    with pytest.raises(DataError, match=r"no RedPaletteColorLookupTableDescriptor, expected a pal"):
        read_dicom(path, "RGB", None)


def test_color_by_plane_is_that_by_pixel(write_dicom, rng):
    color = rng.integers(0, 256, (10, 12, 3), dtype=np.uint8)
    planes = np.ascontiguousarray(color.transpose(2, 0, 1)).tobytes()
    path = write_dicom(color, PlanarConfiguration=1, PixelData=planes)
    np.testing.assert_array_equal(read_dicom(path, "RGB", None), color)


def test_color_of_12_bits_has_the_range_of_12_bits(write_dicom, rng):
    color = rng.integers(0, 4096, (10, 12, 3)).astype(np.uint16)
    path = write_dicom(color, BitsStored=12, HighBit=11)
    expected = color / 4095 * 255
    np.testing.assert_allclose(read_dicom(path, "RGB", None), expected, atol=0.51)


@pytest.mark.parametrize(("kind", "samples"), [("HSV", 3), ("MONOCHROME2", 3), ("RGB", 1)])
def test_other_kinds_of_pixels_are_refused(write_dicom, rng, kind, samples):
    shape = (10, 12, 3) if samples == 3 else (10, 12)
    path = write_dicom(rng.integers(0, 9, shape, dtype=np.uint8), PhotometricInterpretation=kind)
    with pytest.raises(DataError, match=rf"holds {samples} sample\(s\) a pixel of {kind}"):
        read_dicom(path, "L", None)


@pytest.mark.parametrize("window", [None, (-200, 2000)])
@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_padding_is_black_and_no_part_of_the_percentiles(write_dicom, pixels, photometric, window):
    how = {"RescaleSlope": "2", "RescaleIntercept": "-10"}
    is_white = photometric == "MONOCHROME1"
    padded = pixels.copy()
    padded[:, :4] = -2000
    padded[0, 5] = -1995
    range_of = {"PixelPaddingValue": -2000, "PixelPaddingRangeLimit": -1990}
    path = write_dicom(padded, PhotometricInterpretation=photometric, **how, **range_of)
    inside = padded > -1990
    values = padded[inside] * 2.0 - 10
    low, high = np.percentile(values, (0.5, 99.5)) if window is None else window
    expected = np.zeros(padded.shape)
    gray = np.clip((values - low) / (high - low) * 255, 0, 255)
    expected[inside] = 255 - gray if is_white else gray
    np.testing.assert_allclose(read_dicom(path, "L", window), expected, atol=0.51)


def test_an_image_of_padding_only_is_black(write_dicom):
    path = write_dicom(np.full((4, 5), 7, np.int16), PixelPaddingValue=7)
    assert not np.asarray(read_dicom(path, "L", None)).any()


def _group(*, scale=None, window=None):
    """A functional group with a slope and intercept, a window, both or none."""
    from pydicom.dataset import Dataset

    group = Dataset()
    if scale is not None:
        values = Dataset()
        values.RescaleSlope, values.RescaleIntercept = scale
        values.RescaleType = "HU"
        group.PixelValueTransformationSequence = [values]
    if window is not None:
        shown = Dataset()
        shown.WindowCenter, shown.WindowWidth = window
        group.FrameVOILUTSequence = [shown]
    return [group]


_SCALE, _WINDOW = (2, -1024), (40, 400)


@pytest.mark.parametrize("window", [None, (-160, 240)])
@pytest.mark.parametrize(
    ("shared", "frame"),
    [
        ({"scale": _SCALE, "window": _WINDOW}, None),
        (None, {"scale": _SCALE, "window": _WINDOW}),
        ({"scale": _SCALE}, {"window": _WINDOW}),
        ({"window": _WINDOW}, {"scale": _SCALE}),
        ({"scale": (9, 9), "window": (1, 2)}, {"scale": _SCALE, "window": _WINDOW}),
    ],
)
def test_functional_groups_say_what_values_mean(write_dicom, pixels, shared, frame, window):
    scale = {"RescaleSlope": "2", "RescaleIntercept": "-1024"}
    plain = write_dicom(pixels, WindowCenter="40", WindowWidth="400", **scale)
    expected = np.asarray(read_dicom(plain, "L", window))
    groups = {
        f"{name}FunctionalGroupsSequence": _group(**parts)
        for name, parts in (("Shared", shared), ("PerFrame", frame))
        if parts is not None
    }
    path = write_dicom(pixels, NumberOfFrames="1", **groups)
    np.testing.assert_array_equal(read_dicom(path, "L", window), expected)


def test_a_functional_group_goes_before_the_file_s_own_level(write_dicom, pixels):
    plain = write_dicom(pixels, WindowCenter="40", WindowWidth="400")
    expected = np.asarray(read_dicom(plain, "L", None))
    path = write_dicom(
        pixels,
        RescaleSlope="7",
        RescaleIntercept="7",
        VOILUTSequence=table([0, 1], 0, 8),
        VOILUTFunction="SIGMOID",
        SharedFunctionalGroupsSequence=_group(scale=(1, 0), window=_WINDOW),
        PerFrameFunctionalGroupsSequence=_group(),
    )
    np.testing.assert_array_equal(read_dicom(path, "L", None), expected)


def test_each_frame_has_its_own_scale_and_window(write_dicom, rng):
    frames = rng.integers(0, 2000, (3, 10, 12)).astype(np.int16)
    scales, windows = [(1, 0), (2, -100), (0.5, 30)], [(900, 800), (40, 400), (500, 90)]
    groups = [
        _group(scale=scale, window=window)[0] for scale, window in zip(scales, windows, strict=True)
    ]
    groups[1].FrameVOILUTSequence = []
    path = write_dicom(
        frames,
        SharedFunctionalGroupsSequence=_group(window=(10, 50)),
        PerFrameFunctionalGroupsSequence=groups,
    )
    windows[1] = (10, 50)
    for number, ((slope, intercept), (center, width)) in enumerate(
        zip(scales, windows, strict=True)
    ):
        values = frames[number] * float(slope) + intercept
        # PS3.3 C.11.2.1.2
        expected = np.clip(((values - (center - 0.5)) / (width - 1) + 0.5) * 255, 0, 255)
        found = read_dicom(path, "L", None, number)
        np.testing.assert_allclose(found, expected, atol=0.51)
        shown = np.clip((values + 100) / 1000 * 255, 0, 255)
        np.testing.assert_allclose(read_dicom(path, "L", (-100, 900), number), shown, atol=0.51)


def test_groups_of_more_frames_than_there_are_is_refused(write_dicom, pixels):
    path = write_dicom(pixels, PerFrameFunctionalGroupsSequence=_group() + _group())
    with pytest.raises(DataError, match=r"2 groups in PerFrameFunc.*expected 1 for its 1 frame"):
        read_dicom(path, "L", None)


@pytest.mark.parametrize("name", ["IM000001", "1.2.840.113619.2", "A0001.IMA"])
def test_a_file_without_a_known_suffix_is_known_by_its_content(write_dicom, pixels, name, tmp_path):
    folder = tmp_path / "medium"
    folder.mkdir()
    write_dicom(pixels, WindowCenter="40", WindowWidth="400").rename(folder / name)
    (folder / "DICOMDIR").write_bytes((folder / name).read_bytes())
    (folder / "README").write_text("no image " * 100)
    (folder / "empty").touch()
    (folder / f".{name}").write_bytes((folder / name).read_bytes())
    (folder / "sub").mkdir()
    assert find_images(folder) == [name]
    images = from_folder(folder, size=8, cache_dir=tmp_path / "cache")
    assert images.ids == (name,)
    expected = np.asarray(read_dicom(folder / name, "L", None).resize((8, 8), 2))
    np.testing.assert_array_equal(images.images[0, 0], expected)
    decoded = next(decode_files(folder, [name], size=8))
    np.testing.assert_array_equal(decoded.image, images.images[0])


def test_without_pydicom_the_extra_is_named(write_dicom, pixels, monkeypatch):
    path = write_dicom(pixels)
    monkeypatch.setitem(sys.modules, "pydicom", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'mia-data\[dicom\]'"):
        read_dicom(path, "L", None)
