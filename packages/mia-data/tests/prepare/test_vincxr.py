"""VinCXR from DICOM files and the table of three radiologists' findings."""

import numpy as np
import pydicom
import pytest
from mia_data import Counts, DataError, load, prepare_dataset
from PIL import Image


def test_any_finding_makes_a_film_abnormal(vincxr_source, tmp_path, check_verified):
    made = prepare_dataset("vincxr", vincxr_source, root=tmp_path, progress=False)
    assert made.counts == Counts(4, 1, 2)
    test = load("vin", "test", root=tmp_path)
    assert test.ids[1:] == ("a0", "a1")
    check_verified("vincxr", tmp_path)


def test_deep_values_are_mapped_from_their_least_to_their_largest(vincxr_source, tmp_path):
    made = prepare_dataset("vincxr", vincxr_source, root=tmp_path, progress=False)
    values = pydicom.dcmread(vincxr_source / "train/n0.dicom").pixel_array.astype(float)
    scaled = (values - values.min()) / (values.max() - values.min()) * 255
    expected = Image.fromarray(scaled.astype(np.uint8)).resize((512, 512), Image.BILINEAR)
    with Image.open(made.folder / "images/n0.png") as image:
        assert np.array_equal(np.asarray(image), np.asarray(expected))


def test_the_layout_of_physionet_is_read_too(vincxr_source, tmp_path):
    (vincxr_source / "annotations").mkdir()
    (vincxr_source / "train.csv").rename(vincxr_source / "annotations/annotations_train.csv")
    made = prepare_dataset("vincxr", vincxr_source, root=tmp_path, progress=False)
    assert made.counts == Counts(4, 1, 2)


def test_a_missing_table_and_an_empty_finding_are_one_line(vincxr_source, tmp_path, one_line):
    table = vincxr_source / "train.csv"
    table.write_text(table.read_text().replace("n0,No finding", "n0,", 1))
    with pytest.raises(DataError, match=one_line("line 2", "class_name is empty")):
        prepare_dataset("vincxr", vincxr_source, root=tmp_path / "root", progress=False)
    table.unlink()
    with pytest.raises(DataError, match=one_line("no table train.csv or annotations/")):
        prepare_dataset("vincxr", vincxr_source, root=tmp_path / "root", progress=False)
