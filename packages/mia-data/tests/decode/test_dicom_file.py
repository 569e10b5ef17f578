"""Files that are opened or refused: no pixels, no preamble, frames, compressions."""

import io

import numpy as np
import pydicom
import pytest
from mia_data import decode_files, from_folder
from mia_data.decode.dicom_file import frame_count, open_dicom
from mia_data.errors import DataError, MissingExtraError
from PIL import Image
from pydicom.uid import (
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEGBaseline8Bit,
    RLELossless,
)


@pytest.fixture
def frames(rng):
    return rng.integers(0, 2000, (3, 10, 12)).astype(np.int16)


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRLittleEndian])
def test_a_file_without_preamble_and_meta_is_read_by_its_elements(write_dicom, frames, syntax):
    path = write_dicom(frames[0])
    dataset = pydicom.dcmread(path)
    implicit = syntax == ImplicitVRLittleEndian
    dataset.preamble = None
    del dataset.file_meta
    dataset.save_as(path, implicit_vr=implicit, little_endian=True)
    assert b"DICM" not in path.read_bytes()
    np.testing.assert_array_equal(open_dicom(path).pixels(0), frames[0])


def test_a_text_with_the_suffix_is_no_dicom_file(tmp_path):
    path = tmp_path / "x.dcm"
    path.write_bytes(b"no image " * 100)
    with pytest.raises(DataError, match=r"x\.dcm"):
        next(decode_files(tmp_path, ["x.dcm"]))


def test_a_file_without_pixels_is_named_with_its_kind(write_dicom, frames):
    path = write_dicom(frames[0], SOPClassUID="1.2.840.10008.5.1.4.1.1.481.5")
    dataset = pydicom.dcmread(path)
    del dataset.PixelData
    dataset.save_as(path)
    with pytest.raises(DataError, match=r"holds no pixels \(RT Plan Storage\), expected an image"):
        open_dicom(path)


@pytest.mark.parametrize(("rows", "columns"), [(0, 12), (60000, 60000)])
def test_frames_of_no_or_too_many_pixels_are_refused(write_dicom, frames, rows, columns):
    path = write_dicom(frames[0], Rows=rows, Columns=columns)
    with pytest.raises(DataError, match=rf"frames of {columns} x {rows}, expected 1 to 89478485"):
        open_dicom(path)


def test_a_number_of_frames_below_1_is_refused(write_dicom, frames):
    path = write_dicom(frames[0], NumberOfFrames="-2")
    with pytest.raises(DataError, match="gives '-2' as its number of frames"):
        frame_count(path)


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ExplicitVRBigEndian, RLELossless])
def test_frames_are_images_of_their_own(write_dicom, frames, syntax, tmp_path):
    if syntax == ExplicitVRBigEndian:
        path = write_dicom(frames.astype(">i2"), name="in/x.dcm", syntax=syntax)
    else:
        path = write_dicom(frames, name="in/x.dcm")
    if syntax == RLELossless:
        dataset = pydicom.dcmread(path)
        dataset.compress(syntax)
        dataset.save_as(path)
    assert frame_count(path) == 3
    low, high = np.percentile(frames, (0.5, 99.5))
    found = list(decode_files(tmp_path / "in", ["x.dcm"], size=10))
    assert [item.id for item in found] == ["x.dcm#000", "x.dcm#001", "x.dcm#002"]
    # All frames of a file have one gray scale.
    expected = np.clip((frames - low) / (high - low) * 255, 0, 255)
    np.testing.assert_allclose([item.original[0] for item in found], expected, atol=0.51)
    loaded = from_folder(tmp_path / "in", "test", size=10)
    assert loaded.ids == ("x#000", "x#001", "x#002")
    np.testing.assert_array_equal(loaded.images, [item.image for item in found])
    assert set(loaded.paths) == {path}


@pytest.mark.parametrize("name", ["MR_small_jpeg_ls_lossless", "MR_small_jp2klossless"])
def test_lossless_compressions_give_the_same_pixels(name):
    pytest.importorskip("gdcm")
    from pydicom.data import get_testdata_file

    plain, packed = (
        open_dicom(get_testdata_file(f"{each}.dcm", download=False)).pixels(0)
        for each in ("MR_small", name)
    )
    np.testing.assert_array_equal(packed, plain)


def test_a_jpeg_frame_that_is_damaged_inside_is_refused_unless_allowed(write_dicom, rng, tmp_path):
    from pydicom.encaps import encapsulate

    gray = rng.integers(0, 256, (2, 64, 48), dtype=np.uint8)
    buffers = [io.BytesIO(), io.BytesIO()]
    for frame, buffer in zip(gray, buffers, strict=True):
        Image.fromarray(frame).save(buffer, "JPEG", quality=95)
    whole, other = (buffer.getvalue() for buffer in buffers)
    path = write_dicom(gray, name="in/x.dcm")
    dataset = pydicom.dcmread(path)
    dataset.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    # The end marker stands where a third of the data end.
    for data in (other, other[: len(other) // 3] + b"\xff\xd9"):
        dataset.PixelData = encapsulate([whole, data])
        dataset["PixelData"].VR = "OB"
        dataset["PixelData"].is_undefined_length = True
        dataset.save_as(path)
        images = decode_files(tmp_path / "in", ["x.dcm"])
        low, high = np.percentile(np.asarray(Image.open(buffers[0])), (0.5, 99.5))
        assert low < next(images).original.mean() < high
        if data is other:
            assert next(images).number == 1
        else:
            with pytest.raises(DataError, match=r"cannot read .*x\.dcm: .*end"):
                next(images)
            allowed = decode_files(tmp_path / "in", ["x.dcm"], allow_damaged=True)
            assert [item.number for item in allowed] == [0, 1]


def test_a_mask_beside_several_frames_is_refused(write_dicom, frames, tmp_path, save_image):
    write_dicom(frames, name="own/test/ill/x.dcm")
    write_dicom(frames[0], name="own/test/normal/n.dcm")
    save_image(tmp_path / "own/masks/ill/x.png", np.full((10, 12), 255, np.uint8))
    with pytest.raises(DataError, match=r"expected none for a DICOM file of 3 frames"):
        from_folder(tmp_path / "own", "test")


def test_a_compression_without_decoder_names_the_extra(write_dicom, frames, monkeypatch):
    path = write_dicom(frames[0])
    dataset = pydicom.dcmread(path)
    dataset.compress(RLELossless)
    dataset.save_as(path)
    from pydicom.pixels import get_decoder

    monkeypatch.setattr(get_decoder(RLELossless), "_available", {})
    with pytest.raises(MissingExtraError, match=r"compressed as RLE Lossless, which needs a dec"):
        open_dicom(path).pixels(0)
