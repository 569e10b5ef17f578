"""DICOM files written for the test, against the standard's formulas."""

import sys

import numpy as np
import pytest
from mia_data import decode_files, find_images, from_folder
from mia_data.decode.dicom import read_dicom
from mia_data.errors import DataError, MissingExtraError


@pytest.fixture
def write_dicom(tmp_path):
    pydicom = pytest.importorskip("pydicom")
    from pydicom.dataset import FileDataset, FileMetaDataset
    from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

    def write(pixels, **elements):
        meta = FileMetaDataset()
        meta.MediaStorageSOPClassUID = CTImageStorage
        meta.MediaStorageSOPInstanceUID = generate_uid()
        meta.TransferSyntaxUID = ExplicitVRLittleEndian
        path = tmp_path / "x.dcm"
        ds = FileDataset(str(path), {}, file_meta=meta, preamble=b"\0" * 128)
        color = pixels.ndim == 3 and pixels.shape[2] == 3
        ds.Rows, ds.Columns = pixels.shape[:2]
        ds.SamplesPerPixel = 3 if color else 1
        ds.PhotometricInterpretation = "RGB" if color else "MONOCHROME2"
        if color:
            ds.PlanarConfiguration = 0
        ds.BitsAllocated = ds.BitsStored = pixels.dtype.itemsize * 8
        ds.HighBit = ds.BitsStored - 1
        ds.PixelRepresentation = int(pixels.dtype.kind == "i")
        ds.PixelData = pixels.tobytes()
        for name, value in elements.items():
            setattr(ds, name, value)
        pydicom.dcmwrite(path, ds, enforce_file_format=True)
        return path

    return write


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


def test_several_frames_are_refused(write_dicom, rng):
    path = write_dicom(rng.integers(0, 9, (4, 5), dtype=np.uint8), NumberOfFrames="3")
    with pytest.raises(DataError, match=r"3 frame\(s\) of 5 x 4, expected one frame"):
        read_dicom(path, "L", None)


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


def test_groups_of_more_frames_than_there_are_is_refused(write_dicom, pixels):
    path = write_dicom(pixels, PerFrameFunctionalGroupsSequence=_group() + _group())
    with pytest.raises(DataError, match=r"2 groups in PerFrameFunc.*expected one for its one"):
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
