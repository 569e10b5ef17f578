"""Parametric maps and segmentations, read back with highdicom and pydicom."""

import logging

import numpy as np
import pytest
from mia_data import (
    DataError,
    MissingExtraError,
    Producer,
    find_images,
    find_volumes,
    write_parametric_map,
    write_segmentation,
)

highdicom = pytest.importorskip("highdicom")
pydicom = pytest.importorskip("pydicom")
PRODUCER = Producer(program="a program", version="1.2", method="a-method", model="abc")
COPIED = (
    *("PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyInstanceUID"),
    *("StudyDate", "StudyTime", "StudyID", "AccessionNumber", "ReferringPhysicianName"),
    "FrameOfReferenceUID",
)


@pytest.fixture
def series(write_series, tmp_path, rng):
    """Write a series of five slices; return its volume and the headers of its files in order."""

    def write(**elements):
        write_series(rng.integers(0, 2000, (5, 6, 7)), **elements)
        (volume,) = find_volumes(tmp_path / "in", find_images(tmp_path / "in"))
        return volume, [pydicom.dcmread(tmp_path / "in" / file) for file in volume.files]

    return write


def frames_by_source(ds):
    """The SOPInstanceUID that each frame refers to, and the frame's position."""
    return [
        (
            group.DerivationImageSequence[0].SourceImageSequence[0].ReferencedSOPInstanceUID,
            [float(v) for v in group.PlanePositionSequence[0].ImagePositionPatient],
        )
        for group in ds.PerFrameFunctionalGroupsSequence
    ]


def test_a_parametric_map_holds_the_values_and_refers_to_their_slices(series, tmp_path, rng):
    volume, sources = series()
    values = rng.normal(size=(5, 6, 7)).astype(np.float32)
    values[3] = np.nan  # as a file that could not be read
    write_parametric_map(volume, values, tmp_path / "map.dcm", producer=PRODUCER)
    found = pydicom.dcmread(tmp_path / "map.dcm")
    assert found.SOPClassUID.name == "Parametric Map Storage"
    for name in COPIED:
        assert found[name].value == sources[0][name].value, name
    assert found.SeriesInstanceUID != sources[0].SeriesInstanceUID
    by_uid = {source.SOPInstanceUID: i for i, source in enumerate(sources)}
    places = frames_by_source(found)
    assert sorted(by_uid[uid] for uid, _ in places) == [0, 1, 2, 4]
    for frame, (uid, position) in zip(found.pixel_array, places, strict=True):
        np.testing.assert_array_equal(frame, values[by_uid[uid]])
        assert position == [5, 6, 7 + 2.5 * by_uid[uid]]
    assert "FloatPixelPaddingValue" not in found
    mapping = found.SharedFunctionalGroupsSequence[0].RealWorldValueMappingSequence[0]
    assert (mapping.RealWorldValueSlope, mapping.RealWorldValueIntercept) == (1, 0)
    referenced = found.ReferencedSeriesSequence[0]
    assert referenced.SeriesInstanceUID == volume.series_uid
    assert found.DeviceSerialNumber == "abc"


def test_pixels_without_a_value_are_padding(series, tmp_path):
    volume, _ = series()
    values = np.linspace(1, 3, 5 * 6 * 7, dtype=np.float32).reshape(5, 6, 7)
    values[:, :, 0] = np.nan
    write_parametric_map(volume, values, tmp_path / "map.dcm", producer=PRODUCER)
    found = pydicom.dcmread(tmp_path / "map.dcm")
    np.testing.assert_allclose(found.pixel_array[:, :, 0], found.FloatPixelPaddingValue)
    assert found.FloatPixelPaddingValue < 1


def test_a_segmentation_marks_the_voxels(series, tmp_path):
    volume, sources = series()
    marked = np.zeros((5, 6, 7), bool)
    marked[2, 1:3, 4] = marked[3, 5, 0] = True
    write_segmentation(volume, marked, tmp_path / "seg.dcm", producer=PRODUCER)
    found = highdicom.seg.segread(tmp_path / "seg.dcm")
    assert found.SegmentationType == "BINARY"
    for name in COPIED:
        assert found[name].value == sources[0][name].value, name
    uids = [source.SOPInstanceUID for source in sources]
    back = found.get_pixels_by_source_instance(uids, assert_missing_frames_are_empty=True)
    np.testing.assert_array_equal(back[..., 0], marked)
    # In space: column 4, row 1, slice 2.
    volume_found = found.get_volume()
    at = volume_found.inverse_affine @ (5 + 4 * 0.8, 6 + 1 * 0.7, 7 + 2 * 2.5, 1)
    assert volume_found.array[tuple(np.rint(at[:3]).astype(int))] == 1
    assert volume_found.array.sum() == 3


def test_results_of_a_file_of_frames_refer_to_its_frames(series, tmp_path, rng):
    _, sources = series(ImageType=["ORIGINAL", "PRIMARY", "AXIAL"])
    for i, source in enumerate(sources):
        source.InstanceNumber = 5 - i  # so that frames are not in the order of positions
    whole = highdicom.legacy.LegacyConvertedEnhancedCTImage(
        sources,
        series_instance_uid=highdicom.UID(),
        series_number=9,
        sop_instance_uid=highdicom.UID(),
        instance_number=1,
    )
    (tmp_path / "frames").mkdir()
    whole.save_as(tmp_path / "frames/x.dcm")
    (volume,) = find_volumes(tmp_path / "frames", ["x.dcm"])
    heights = volume.positions[:, 2]
    np.testing.assert_allclose(heights, [17, 14.5, 12, 9.5, 7])
    values = rng.normal(size=(5, 6, 7)).astype(np.float32)
    values[3] = np.nan
    marked = np.zeros((5, 6, 7), bool)
    marked[1, 2, 3] = True
    write_parametric_map(volume, values, tmp_path / "map.dcm", producer=PRODUCER)
    write_segmentation(volume, marked, tmp_path / "seg.dcm", producer=PRODUCER)
    seg = highdicom.seg.segread(tmp_path / "seg.dcm")
    back = seg.get_pixels_by_source_frame(
        whole.SOPInstanceUID, [1, 2, 3, 4, 5], assert_missing_frames_are_empty=True
    )
    np.testing.assert_array_equal(back[..., 0], marked)
    found = pydicom.dcmread(tmp_path / "map.dcm")
    for frame, group in zip(found.pixel_array, found.PerFrameFunctionalGroupsSequence, strict=True):
        source = group.DerivationImageSequence[0].SourceImageSequence[0]
        assert source.ReferencedSOPInstanceUID == whole.SOPInstanceUID
        number = int(source.ReferencedFrameNumber) - 1
        place = group.PlanePositionSequence[0].ImagePositionPatient
        assert float(place[2]) == heights[number]
        if number == 3:
            assert (frame == np.float32(found.FloatPixelPaddingValue)).all()
        else:
            np.testing.assert_array_equal(frame, values[number])


def test_what_the_standard_does_not_allow_is_left_empty_and_nowhere_told(
    series, tmp_path, capfd, recwarn
):
    logging.getLogger("highdicom").setLevel(logging.NOTSET)
    with pydicom.config.disable_value_validation():
        volume, _ = series(
            PatientName="SECRET",  # of one part, which highdicom logs
            PatientBirthDate="SECRET",
            PatientSex="SECRET",
            StudyDate=None,
            StudyTime="SECRET",
        )
        written = len(recwarn)
    marked = np.ones((5, 6, 7), bool)
    write_segmentation(volume, marked, tmp_path / "seg.dcm", producer=PRODUCER)
    found = pydicom.dcmread(tmp_path / "seg.dcm")
    assert found.PatientName == "SECRET"
    assert not any(
        found[name].value for name in ("PatientBirthDate", "PatientSex", "StudyDate", "StudyTime")
    )
    assert "SECRET" not in "".join(capfd.readouterr())
    assert len(recwarn) == written
    assert logging.getLogger("highdicom").level == logging.NOTSET


def test_names_of_every_script_are_kept(series, tmp_path):
    name = "Yamada^Tarou=山田^太郎"
    volume, _ = series(PatientName=name, SpecificCharacterSet=["", "ISO 2022 IR 87"])
    write_segmentation(volume, np.ones((5, 6, 7), bool), tmp_path / "s.dcm", producer=PRODUCER)
    assert pydicom.dcmread(tmp_path / "s.dcm").PatientName == name


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"StudyInstanceUID": None}, "has no StudyInstanceUID, expected what a result refers to"),
        ({"FrameOfReferenceUID": None}, "has no FrameOfReferenceUID"),
        ({"step": 0}, "several slices in one place"),
        ({"PixelSpacing": None}, "no pixel spacing or several"),
    ],
)
def test_sources_that_cannot_be_referred_to_are_refused(series, tmp_path, change, message):
    volume, _ = series(**change)
    with pytest.raises(DataError, match=message):
        write_segmentation(volume, np.ones((5, 6, 7), bool), tmp_path / "s", producer=PRODUCER)
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


def test_nothing_to_write_is_refused(series, tmp_path):
    volume, _ = series()
    with pytest.raises(DataError, match="values for a slice of a at least, got none"):
        write_segmentation(volume, np.zeros((5, 6, 7), bool), tmp_path / "s", producer=PRODUCER)
    values = np.full((5, 6, 7), np.nan, np.float32)
    with pytest.raises(DataError, match="got none"):
        write_parametric_map(volume, values, tmp_path / "s", producer=PRODUCER)


def test_without_highdicom_the_error_says_how_to_get_it(series, tmp_path, monkeypatch):
    volume, _ = series()
    monkeypatch.setitem(__import__("sys").modules, "highdicom", None)
    with pytest.raises(
        MissingExtraError, match=r"needs highdicom: pip install 'mia-data\[dicom\]'"
    ):
        write_segmentation(volume, np.ones((5, 6, 7), bool), tmp_path / "s", producer=PRODUCER)
