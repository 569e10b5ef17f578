"""Limits are set by the environment, and hold for every format."""

import numpy as np
import pytest
from mia_data import DataError, from_folder, from_manifest, image_from_array, limits
from mia_data.layouts.json_lists import read_index
from PIL import Image


def test_the_defaults_hold_where_nothing_is_set(monkeypatch):
    for variable in limits.DEFAULTS:
        monkeypatch.delenv(variable, raising=False)
    assert limits.max_pixels() == Image.MAX_IMAGE_PIXELS == 89_478_485
    assert limits.max_voxels() == 1024 * 512 * 512
    assert limits.max_bytes() == 1 << 30


@pytest.mark.parametrize("text", ["0", "-1", "1e6", "1 GiB", "²", str(1 << 63), "9" * 5000])
def test_what_is_not_a_whole_number_is_refused(monkeypatch, text):
    monkeypatch.setenv("MIA_MAX_BYTES", text)
    with pytest.raises(DataError, match="expected MIA_MAX_BYTES to be a whole number above 0, got"):
        limits.max_bytes()


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".tif", ".bmp", ".dcm"])
def test_a_lower_limit_of_pixels_refuses_a_file(
    tmp_path, monkeypatch, save_image, write_dicom, suffix
):
    if suffix == ".dcm":
        write_dicom(np.zeros((10, 12), np.uint16), name="in/x.dcm")
    else:
        save_image(tmp_path / f"in/x{suffix}", size=(12, 10))
    monkeypatch.setenv("MIA_MAX_PIXELS", "119")
    with pytest.raises(DataError, match=rf"x\{suffix}.* 12 x 10, expected .*119 pixels"):
        from_folder(tmp_path / "in", size=8)
    monkeypatch.setenv("MIA_MAX_PIXELS", "120")
    assert len(from_folder(tmp_path / "in", size=8)) == 1


def test_a_lower_limit_of_bytes_or_voxels_refuses_a_file(tmp_path, monkeypatch, save_image):
    nib = pytest.importorskip("nibabel")
    (tmp_path / "in").mkdir()
    nib.save(nib.Nifti1Image(np.ones((8, 9, 4)), np.eye(4)), tmp_path / "in/v.nii")
    for variable, most in (("MIA_MAX_VOXELS", 8 * 9 * 4), ("MIA_MAX_BYTES", 352 + 8 * 8 * 9 * 4)):
        monkeypatch.setenv(variable, str(most - 1))
        with pytest.raises(DataError, match=rf"v\.nii .* {most - 1}.*\({variable}\)"):
            from_folder(tmp_path / "in", size=8)
        monkeypatch.setenv(variable, str(most))
    assert len(from_folder(tmp_path / "in", size=8)) == 2


def test_the_error_of_a_file_that_is_too_long_names_the_variable(tmp_path, monkeypatch, save_image):
    save_image(tmp_path / "in/x.png")
    monkeypatch.setenv("MIA_MAX_BYTES", "40")
    with pytest.raises(DataError, match=r"x\.png has \d+ bytes, expected at most 40 \(MIA_MAX_B"):
        from_folder(tmp_path / "in", size=8)


def test_a_limit_of_tables_holds_for_manifests_and_lists(tmp_path, monkeypatch, save_image):
    save_image(tmp_path / "images/x.png")
    (tmp_path / "table.csv").write_text("path,split,label\nimages/x.png,train,0\n")
    (tmp_path / "data.json").write_text('{"test": {"0": ["x.png"], "1": []}}')
    readers = (
        lambda: from_manifest(tmp_path / "table.csv", split="train", size=8),
        lambda: read_index(tmp_path / "data.json"),
    )
    for read in readers:
        assert len(read()) == 1
    monkeypatch.setenv("MIA_MAX_TABLE_BYTES", "20")
    for read in readers:
        with pytest.raises(DataError, match=r"expected at most 20 \(MIA_MAX_TABLE_BYTES\)"):
            read()


def test_a_higher_limit_reads_what_pillow_alone_refuses(tmp_path, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", Image.MAX_IMAGE_PIXELS)
    width = 2 * limits.DEFAULTS["MIA_MAX_PIXELS"] // 9000 + 1
    Image.new("1", (width, 9000)).save(tmp_path / "x.png")
    with pytest.raises(DataError, match=r"x\.png.*89478485.*\(MIA_MAX_PIXELS\)"):
        from_folder(tmp_path, size=8)
    monkeypatch.setenv("MIA_MAX_PIXELS", str(width * 9000))
    assert from_folder(tmp_path, size=8).images.max() == 0


def test_arrays_have_the_same_limit(monkeypatch):
    monkeypatch.setenv("MIA_MAX_PIXELS", "99")
    with pytest.raises(DataError, match=r"10 x 10, expected at most 99 pixels"):
        image_from_array(np.zeros((10, 10), np.uint8), size=8)
