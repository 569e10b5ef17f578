"""From a CT-like series with a lesion to SEG, parametric map and NIfTI, to the voxel.

Models of these tests give the brightness of each pixel, so that all values are known by hand.
"""

from __future__ import annotations

import csv
import json

import mia_bench
import numpy as np
import pytest
from mia_bench import StudyError

highdicom = pytest.importorskip("highdicom")
nibabel = pytest.importorskip("nibabel")
pydicom = pytest.importorskip("pydicom")

# Slices 2 and 3, rows 10 to 13, columns 5 to 6: 900 HU, 0.9 in the window from 0 to 1000.
LESION = (slice(2, 4), slice(10, 14), slice(5, 7))


@pytest.fixture
def values():
    found = np.full((6, 32, 32), 200.0)
    found[LESION] = 900
    return found


def score(model, images, out, **options):
    return mia_bench.score(model=model, images=images, out=out, device="cpu", **options)


def table(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_a_series_gives_a_segmentation_and_a_map_of_its_voxels(
    bright_model, values, write_ct, tmp_path
):
    write_ct(tmp_path / "in/case", values)
    summary = score(bright_model, tmp_path / "in", tmp_path / "out")
    assert (summary.volumes, summary.volumes_left_out, summary.flagged) == (1, [], 2)
    sources = [pydicom.dcmread(path) for path in (tmp_path / "in/case").iterdir()]
    sources.sort(key=lambda source: source.InstanceNumber)
    uids = [source.SOPInstanceUID for source in sources]

    seg = highdicom.seg.segread(tmp_path / "out/segmentations/case.dcm")
    assert seg.NumberOfFrames == 2
    marked = seg.get_pixels_by_source_instance(uids, assert_missing_frames_are_empty=True)
    expected = np.zeros((6, 32, 32), bool)
    expected[LESION] = True
    np.testing.assert_array_equal(marked[..., 0], expected)
    # In millimeters: column 5 is at -10 + 5 * 2, row 10 at 20 + 10 * .5, slice 2 at 30 + 2 * 3.
    volume = seg.get_volume()
    first = np.rint(volume.inverse_affine @ (0, 25, 36, 1)).astype(int)[:3]
    outside = np.rint(volume.inverse_affine @ (-2, 25, 36, 1)).astype(int)[:3]
    array = volume.array.reshape(volume.spatial_shape)
    assert array[tuple(first)] == 1
    assert array[tuple(outside)] == 0
    assert array.sum() == 2 * 4 * 2

    found = pydicom.dcmread(tmp_path / "out/maps/case.dcm")
    by_uid = {
        group.DerivationImageSequence[0].SourceImageSequence[0].ReferencedSOPInstanceUID: frame
        for group, frame in zip(
            found.PerFrameFunctionalGroupsSequence, found.pixel_array, strict=True
        )
    }
    scores = np.array([by_uid[uid] for uid in uids])
    np.testing.assert_allclose(scores, np.where(expected, 0.9, 0.2), atol=1 / 255)
    for result in (seg, found):
        for name in ("PatientName", "PatientID", "StudyInstanceUID", "FrameOfReferenceUID"):
            assert result[name].value == sources[0][name].value
        referenced = result.ReferencedSeriesSequence[0]
        assert referenced.SeriesInstanceUID == sources[0].SeriesInstanceUID
        assert result.ManufacturerModelName == "mia-bench"


def test_volumes_csv_has_the_largest_and_the_mean_of_the_top_slices(
    bright_model, values, write_ct, tmp_path
):
    write_ct(tmp_path / "in/case", values)
    write_ct(tmp_path / "in/normal", np.full((3, 32, 32), 320.0))
    score(bright_model, tmp_path / "in", tmp_path / "out", top_slices=4)
    first, second = table(tmp_path / "out/volumes.csv")
    at = {hu: np.floor(hu / 1000 * 255 + 0.5) / 255 for hu in (200, 320, 900)}
    assert (first["volume"], first["slices"], first["flagged_slices"]) == ("case", "6", "2")
    assert first["flagged"] == "1"
    assert float(first["largest"]) == pytest.approx(at[900])
    assert float(first["mean_top"]) == pytest.approx((at[900] * 2 + at[200] * 2) / 4)
    assert (first["map"], first["segmentation"]) == ("maps/case.dcm", "segmentations/case.dcm")
    assert (second["volume"], second["flagged_slices"], second["flagged"]) == ("normal", "0", "0")
    assert float(second["mean_top"]) == pytest.approx(at[320])  # of three, all that there are
    # Nothing is flagged, so that there is nothing to segment.
    assert (second["map"], second["segmentation"]) == ("maps/normal.dcm", "")
    page = (tmp_path / "out/report.html").read_text(encoding="utf-8")
    assert "<h2>Volumes</h2>" in page
    assert "segmentations/case.dcm" in page


def test_a_series_as_nifti(bright_model, values, write_ct, tmp_path):
    write_ct(tmp_path / "in/case", values)
    score(bright_model, tmp_path / "in", tmp_path / "out", volumes="nifti")
    found = nibabel.load(tmp_path / "out/maps/case.nii.gz")
    # Column, row, slice; to the right and front, where DICOM's x and y go left and back.
    expected = [(-2, 0, 0, 10), (0, -0.5, 0, -20), (0, 0, 3, 30), (0, 0, 0, 1)]
    np.testing.assert_allclose(found.affine, expected)
    assert found.get_data_dtype() == np.float32
    np.testing.assert_allclose(
        found.get_fdata(), np.where(values == 900, 0.9, 0.2).transpose(2, 1, 0), atol=1 / 255
    )
    assert not (tmp_path / "out/segmentations").exists()


@pytest.mark.parametrize("axes", ["RAS", "LPS", "PIR", "SAL"])
def test_a_nifti_volume_has_its_map_on_its_voxels(bright_model, tmp_path, axes):
    from nibabel.orientations import axcodes2ornt, inv_ornt_aff

    shape = (32, 32, 32)
    stored = np.full(shape, 200, np.int16)
    stored[14, 17, 15] = stored[15, 17, 15] = 900
    affine = inv_ornt_aff(axcodes2ornt(axes), shape) @ np.diag([0.5, 0.7, 2, 1])
    (tmp_path / "in/sub").mkdir(parents=True)
    nibabel.save(nibabel.Nifti1Image(stored, affine), tmp_path / "in/sub/scan.nii.gz")
    score(bright_model, tmp_path / "in", tmp_path / "out")
    found = nibabel.load(tmp_path / "out/maps/sub/scan.nii.gz")
    assert (found.shape, found.get_data_dtype()) == (shape, np.float32)
    np.testing.assert_allclose(found.affine, affine, rtol=1e-6)
    data = found.get_fdata()
    assert set(map(tuple, np.argwhere(data > 0.5))) == {(14, 17, 15), (15, 17, 15)}
    # The reader takes the middle half of the axial slices.
    assert np.isfinite(data).sum() == 32 * 32 * 16
    (row,) = table(tmp_path / "out/volumes.csv")
    assert (row["volume"], row["slices"]) == ("sub/scan.nii.gz", "16")


def test_what_is_squashed_returns_to_where_it_was(bright_model, write_ct, tmp_path):
    values = np.full((3, 96, 64), 200.0)
    values[1, 30:54, 20:36] = 900  # around row 41.5 and column 27.5
    write_ct(tmp_path / "in/case", values)
    score(bright_model, tmp_path / "in", tmp_path / "out", volumes="nifti")
    found = nibabel.load(tmp_path / "out/maps/case.nii.gz").get_fdata()
    assert found.shape == (64, 96, 3)
    weights = found[:, :, 1] - 0.2
    center = [np.average(axis, weights=weights) for axis in np.indices(weights.shape)]
    np.testing.assert_allclose(center, (27.5, 41.5), atol=0.05)
    np.testing.assert_allclose(found[24:32, 36:48, 1], 0.9, atol=0.01)
    np.testing.assert_allclose(found[..., [0, 2]], 0.2, atol=0.01)


def test_what_short_side_crops_has_no_value(brightness, write_ct, tmp_path):
    rng = np.random.default_rng(0)
    write_ct(tmp_path / "normal", rng.uniform(100, 400, (12, 32, 32)))
    mia_bench.fit(
        images=tmp_path / "normal",
        model=tmp_path / "model",
        **{"method": "ae", "image_size": 32, "epochs": 1, "holdout": None, "device": "cpu"},
        resize="short_side",
        window=(0, 1000),
        options={"width": 4, "hidden": 32, "latent": 4},
    )
    write_ct(tmp_path / "in/case", np.full((3, 32, 48), 200.0))
    score(tmp_path / "model", tmp_path / "in", tmp_path / "out")
    found = pydicom.dcmread(tmp_path / "out/maps/case.dcm")
    padding = np.float32(found.FloatPixelPaddingValue)
    assert (found.pixel_array[:, :, :8] == padding).all()
    assert (found.pixel_array[:, :, 40:] == padding).all()
    np.testing.assert_allclose(found.pixel_array[:, :, 8:40], 0.2, atol=1 / 255)


def test_a_slice_that_cannot_be_read_has_no_frame(bright_model, values, write_ct, tmp_path):
    write_ct(tmp_path / "in/case", values)
    path = tmp_path / "in/case/im001.dcm"  # slice 1: 7 * 1 % 6
    path.write_bytes(path.read_bytes()[:-30])
    summary = score(bright_model, tmp_path / "in", tmp_path / "out")
    assert [file for file, _ in summary.broken] == ["case/im001.dcm"]
    found = pydicom.dcmread(tmp_path / "out/maps/case.dcm")
    heights = [
        float(group.PlanePositionSequence[0].ImagePositionPatient[2])
        for group in found.PerFrameFunctionalGroupsSequence
    ]
    assert sorted(heights) == [30, 36, 39, 42, 45]


def test_a_volume_that_cannot_be_given_back_is_told(bright_model, values, write_ct, tmp_path):
    write_ct(tmp_path / "in/case", values, FrameOfReferenceUID=None)
    write_ct(tmp_path / "in/other", values)
    summary = score(bright_model, tmp_path / "in", tmp_path / "out")
    ((name, reason),) = summary.volumes_left_out
    assert name == "case"
    assert "has no FrameOfReferenceUID" in reason
    first, second = table(tmp_path / "out/volumes.csv")
    assert (first["map"], second["map"]) == ("", "maps/other.dcm")
    written = json.loads((tmp_path / "out/score.json").read_text())
    assert written["volumes_left_out"] == [{"volume": name, "reason": reason}]


def test_results_among_the_images_are_not_scored(bright_model, values, write_ct, tmp_path):
    write_ct(tmp_path / "in/case", values)
    score(bright_model, tmp_path / "in", tmp_path / "in/results")
    again = score(bright_model, tmp_path / "in", tmp_path / "out")
    assert (again.images, again.volumes) == (6, 1)


@pytest.mark.parametrize("stop", [1, 2, 4])
def test_an_interrupted_scoring_gives_the_same_maps(
    bright_model, values, write_ct, tmp_path, monkeypatch, stop
):
    from mia_bench.inference import loaded_model as module

    write_ct(tmp_path / "in/a", values)
    write_ct(tmp_path / "in/b", values[:4], FrameOfReferenceUID=None)
    write_ct(tmp_path / "in/c", values[:3])
    how = {"batch_size": 4}  # chunks end inside of volumes
    whole = score(bright_model, tmp_path / "in", tmp_path / "whole", **how)
    predict, calls = module.predict_checked, []

    def stopping(*arguments, **more):
        calls.append(1)
        if len(calls) == stop:
            raise KeyboardInterrupt
        return predict(*arguments, **more)

    monkeypatch.setattr(module, "predict_checked", stopping)
    with pytest.raises(KeyboardInterrupt):
        score(bright_model, tmp_path / "in", tmp_path / "out", **how)
    found = score(bright_model, tmp_path / "in", tmp_path / "out", **how)
    assert (tmp_path / "out/volumes.csv").read_text() == (
        tmp_path / "whole/volumes.csv"
    ).read_text()
    assert found.volumes_left_out == whole.volumes_left_out
    for name in ("maps/a.dcm", "maps/c.dcm", "segmentations/a.dcm"):
        first, second = (pydicom.dcmread(tmp_path / out / name) for out in ("out", "whole"))
        np.testing.assert_array_equal(first.pixel_array, second.pixel_array)
    files = {path.relative_to(tmp_path / "out").as_posix() for path in found.out.rglob("*.dcm")}
    assert files == {
        *("maps/a.dcm", "maps/c.dcm", "segmentations/a.dcm", "segmentations/c.dcm"),
    }
    assert not (tmp_path / ".out.scoring").exists()


def test_without_highdicom_one_line_says_what_to_do(
    bright_model, values, write_ct, tmp_path, monkeypatch
):
    write_ct(tmp_path / "in/case", values)
    monkeypatch.setitem(__import__("sys").modules, "highdicom", None)
    message = r"maps of 1 DICOM series need highdicom: pip install 'mia-data\[dicom\]'; or choose"
    with pytest.raises(StudyError, match=message):
        score(bright_model, tmp_path / "in", tmp_path / "out")
    assert not (tmp_path / "out").exists()
    assert score(bright_model, tmp_path / "in", tmp_path / "out", volumes="none").volumes == 1
    assert not (tmp_path / "out/maps").exists()
    assert table(tmp_path / "out/volumes.csv")[0]["map"] == ""


def test_an_unknown_format_is_refused(bright_model, values, write_ct, tmp_path):
    write_ct(tmp_path / "in/case", values)
    with pytest.raises(StudyError, match=r"one of source, nifti, none, got 'dicom'"):
        score(bright_model, tmp_path / "in", tmp_path / "out", volumes="dicom")
    with pytest.raises(StudyError, match="expected top_slices to be above 0, got 0"):
        score(bright_model, tmp_path / "in", tmp_path / "out", top_slices=0)
