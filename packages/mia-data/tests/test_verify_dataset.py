"""verify() finds each kind of trouble, and only it."""

import json

import numpy as np
import pytest
from mia_data import DataError, MissingDataError, load, verify


def _counts(report):
    return {(c.split, c.label): (c.found, c.expected) for c in report.counts}


def test_a_healthy_dataset_of_another_size_differs_in_counts_only(json_dataset):
    report = verify("braintumor", json_dataset.parent)
    assert _counts(report) == {
        ("train", "normal"): (3, 1000),
        ("test", "normal"): (2, 600),
        ("test", "abnormal"): (2, 600),
    }
    found = report.to_dict()
    for key in ("problems", "missing", "unreadable", "duplicates", "leaked", "stray"):
        assert found[key] == ()
    assert not report.ok


def test_a_dataset_without_published_counts_is_ok(tmp_path, save_image):
    folder = tmp_path / "CP-CHILD" / "CP-CHILD-A"
    for name in ("Train/Non-Polyp/a.jpg", "Test/Non-Polyp/b.jpg", "Test/Polyp/c.jpg"):
        save_image(folder / name)
    assert verify("cp-child", tmp_path).ok


def test_volumes_and_files_of_several_frames_are_read_as_they_are_loaded(tmp_path):
    pydicom, nibabel = pytest.importorskip("pydicom"), pytest.importorskip("nibabel")
    rng = np.random.default_rng(0)
    folder = tmp_path / "CP-CHILD" / "CP-CHILD-A"
    frames = pydicom.dcmread(pydicom.data.get_testdata_file("rtdose.dcm", download=False))
    for inner, name in (
        ("Train/Non-Polyp", "a.Nii.gz"),
        ("Test/Non-Polyp", "b.NII"),
        ("Test/Polyp", "c.dcm"),
    ):
        path = folder / inner / name
        path.parent.mkdir(parents=True)
        if name.endswith(".dcm"):
            frames.save_as(path)
        else:
            values = rng.integers(0, 900, (8, 9, 6)).astype(np.int16)
            lower = path.with_name(name.lower())
            nibabel.save(nibabel.Nifti1Image(values, np.eye(4)), lower)
            lower.rename(path)
    assert verify("cp-child", tmp_path).ok
    assert len(load("cp-child", "train", root=tmp_path, size=8)) == 4
    assert len(load("cp-child", "test", root=tmp_path, size=8)) == 4 + 15
    volume = folder / "Test/Non-Polyp/b.NII"
    volume.write_bytes(volume.read_bytes()[:-9])
    (problem,) = verify("cp-child", tmp_path).unreadable
    assert "b.NII ends after" in problem


def test_the_shared_braintumor_has_the_published_counts(shared_root):
    report = verify("braintumor", shared_root)
    assert report.ok
    assert _counts(report)["test", "abnormal"] == (600, 600)


def test_each_trouble_is_listed(json_dataset):
    images = json_dataset / "images"
    (images / "a.png").unlink()
    (images / "b.png").write_bytes(b"text")
    (images / "n2.png").write_bytes((images / "n1.png").read_bytes())
    (images / "x1.png").write_bytes((images / "c.png").read_bytes())
    (images / "extra.png").write_bytes((images / "x2.png").read_bytes())
    (json_dataset / ".DS_Store").touch()
    report = verify("braintumor", json_dataset.parent)
    assert report.missing == ("images/a.png",)
    assert len(report.unreadable) == 1
    assert "b.png" in report.unreadable[0]
    assert sorted(map(sorted, report.duplicates)) == [
        ["images/c.png", "images/x1.png"],
        ["images/n1.png", "images/n2.png"],
    ]
    assert report.leaked == ("images/x1.png",)
    assert report.stray == (".DS_Store", "images/extra.png")


def test_a_name_that_is_too_long_is_missing(json_dataset):
    lists = json.loads((json_dataset / "data.json").read_text())
    lists["train"]["0"].append(name := "a" * 300 + ".png")
    (json_dataset / "data.json").write_text(json.dumps(lists))
    assert verify("braintumor", json_dataset.parent).missing == (f"images/{name}",)


def test_masks_are_checked_too(brats_dataset, save_image):
    masks = brats_dataset / "test" / "annotation"
    (masks / "t1_seg_3.png").unlink()
    save_image(masks / "t2_seg_4.png", size=(3, 3))
    (masks / "stray_seg.png").touch()
    report = verify("brats", brats_dataset.parent)
    assert report.missing == ("test/annotation/t1_seg_3.png",)
    assert len(report.unreadable) == 1
    assert "t2_seg_4.png: it is 3 x 3, expected 12 x 10" in report.unreadable[0]
    assert report.stray == ("test/annotation/stray_seg.png",)
    assert _counts(report)["test", "abnormal"] == (2, 1948)


def test_a_damaged_index_is_a_problem_of_both_splits(json_dataset):
    (json_dataset / "data.json").write_text("{")
    report = verify("braintumor", json_dataset.parent)
    assert len(report.problems) == 2
    assert all("is not JSON" in problem for problem in report.problems)
    assert len(report.stray) == 7


def test_a_link_out_of_the_dataset_is_a_problem(json_dataset, tmp_path, save_image):
    save_image(tmp_path / "secret.png")
    path = json_dataset / "images" / "a.png"
    path.unlink()
    path.symlink_to(tmp_path / "secret.png")
    (problem,) = verify("braintumor", json_dataset.parent).problems
    assert "is a link to" in problem


def test_the_table_shows_counts_and_the_first_of_each_list(json_dataset):
    for i in range(7):
        (json_dataset / f"stray{i}").touch()
    text = str(verify("braintumor", json_dataset.parent))
    assert "NOT as expected" in text
    assert "train   normal           3      1000  <--" in text
    assert "stray            7" in text
    assert "... and 2 more" in text


def test_the_report_is_json(json_dataset):
    report = verify("braintumor", json_dataset.parent)
    values = json.loads(json.dumps(report.to_dict()))
    assert values["counts"][0] == {
        "split": "train",
        "label": "normal",
        "found": 3,
        "expected": 1000,
    }
    assert values["ok"] is False


def test_an_absent_dataset_and_phantom_are_errors(tmp_path):
    with pytest.raises(MissingDataError, match="RSNA"):
        verify("rsna", tmp_path)
    with pytest.raises(DataError, match="is drawn"):
        verify("phantom", tmp_path)
