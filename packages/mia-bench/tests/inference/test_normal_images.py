"""Normal images that are read by what is allowed of them, apart from calibration images."""

import numpy as np
import pytest
from mia_bench.errors import StudyError
from mia_bench.inference.model_folder import Preprocessing
from mia_bench.inference.normal_images import read_normal_images
from mia_bench.run_folder.reading import Reading
from mia_data import DataError
from PIL import Image


@pytest.fixture
def read(tmp_path):
    """Read ``train`` with ``calibration`` images, of which there are three each."""
    rng = np.random.default_rng(0)
    for name in ("train/p1_a", "train/p1_b", "train/p2_a", "calibration/p3_a", "calibration/p3_b"):
        path = tmp_path / f"{name}.png"
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(rng.integers(0, 255, (16, 16), dtype=np.uint8)).save(path)

    def call(calibration="calibration", *, recursive=False, **reading):
        return read_normal_images(
            tmp_path / "train",
            Preprocessing(size=16, channels=1, resize="squash"),
            calibration=calibration and tmp_path / calibration,
            recursive=recursive,
            holdout=None,
            fpr=0.5,
            is_trained=True,
            reading=Reading(**reading),
        )

    return call


def test_patients_are_known_by_the_expression(read):
    found = read(patients=r"p\d")
    assert found.whole.patients == ("p1", "p1", "p2")
    assert found.calibration.patients == ("p3", "p3")
    assert read().whole.patients is None


def test_calibration_images_of_a_trained_patient_are_refused_unless_allowed(read, tmp_path):
    (tmp_path / "calibration/p3_a.png").rename(tmp_path / "calibration/p2_x.png")
    message = r"of other patients than .* got 1 of the same, the first is 'p2' \(--allow-shared-p"
    with pytest.raises(StudyError, match=message):
        read(patients=r"p\d")
    assert len(read(patients=r"p\d", allow_shared_patients=True).calibration) == 2
    assert len(read().calibration) == 2


def test_calibration_images_that_are_trained_on_are_refused_unless_allowed(read, tmp_path):
    copy = (tmp_path / "train/p1_a.png").read_bytes()
    (tmp_path / "calibration/p4_a.png").write_bytes(copy)
    with pytest.raises(StudyError, match="got 1 of 3 with the pixels of training images"):
        read()
    assert len(read(allow_shared_files=True).calibration) == 3


def test_slices_of_a_series_stay_together_when_some_are_held_out(write_ct, tmp_path):
    rng = np.random.default_rng(0)
    for i in range(12):
        write_ct(tmp_path / f"train/s{i:02}", rng.uniform(0, 900, (3, 16, 16)))
    for is_trained in (True, False):
        found = read_normal_images(
            tmp_path / "train",
            Preprocessing(size=16, channels=1, resize="squash"),
            calibration=None,
            recursive=True,
            holdout=0.5,
            fpr=0.2,
            is_trained=is_trained,
        )
        assert found.split.groups == 12
        parts = found.split.parts.reshape(12, 3)
        assert (parts == parts[:, :1]).all()
        assert len(np.unique(parts)) > 1


def test_calibration_slices_of_a_trained_series_are_refused_unless_allowed(
    read, write_ct, tmp_path
):
    rng = np.random.default_rng(0)
    slices = rng.uniform(0, 900, (4, 16, 16))
    same = {"SeriesInstanceUID": "1.2.3"}
    write_ct(tmp_path / "train/scan", slices[:2], **same)
    write_ct(tmp_path / "calibration/scan", slices[2:], origin=(-10, 20, 80), **same)
    write_ct(tmp_path / "calibration/other", slices + 30)
    message = r"of other DICOM series than .* of 1 of the same, the first is '.*calibration/scan/im"
    with pytest.raises(StudyError, match=message):
        read(recursive=True)
    assert len(read(recursive=True, allow_shared_patients=True).calibration) == 8
    (tmp_path / "train/scan/im000.dcm").unlink()
    (tmp_path / "train/scan/im001.dcm").unlink()
    assert len(read(recursive=True).calibration) == 8


def test_damaged_files_are_read_where_that_is_allowed(read, tmp_path):
    path = tmp_path / "train/p5.jpg"
    Image.open(tmp_path / "train/p1_a.png").resize((64, 64)).save(path, quality=95)
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(DataError, match=r"p5\.jpg"):
        read()
    assert len(read(allow_damaged=True).whole) == 4
