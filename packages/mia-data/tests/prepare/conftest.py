"""Small raw sources with the structure of the published ones."""

import csv
import re

import numpy as np
import pytest
from mia_data import verify

BOXES = ("x", "y", "width", "height")


def write_table(path, header, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([header, *rows])


@pytest.fixture
def rsna_source(tmp_path, write_dicom, rng):
    """Six normal films, three with opacities (a row for each box), one of neither class."""
    source = tmp_path / "rsna"
    classes, targets = [], []
    names = {f"n{i}": "Normal" for i in range(6)} | {f"o{i}": "Lung Opacity" for i in range(3)}
    for number, (name, kind) in enumerate({**names, "x": "No Lung Opacity / Not Normal"}.items()):
        pixels = rng.integers(0, 256, (40, 30), dtype=np.uint8)
        write_dicom(
            pixels,
            name=f"rsna/stage_2_train_images/{name}.dcm",
            PatientName="Doe^Jane",
            PatientID=f"secret-{number}",
        )
        for _ in range(2 if kind == "Lung Opacity" else 1):
            box = [1, 2, 3, 4] if kind == "Lung Opacity" else [""] * 4
            classes.append([name, kind])
            targets.append([name, *box, int(kind == "Lung Opacity")])
    write_table(source / "stage_2_detailed_class_info.csv", ["patientId", "class"], classes)
    write_table(
        source / "stage_2_train_labels.csv",
        ["patientId", "x", "y", "width", "height", "Target"],
        targets,
    )
    return source


@pytest.fixture
def vincxr_source(tmp_path, write_dicom, rng):
    """Five normal films and two with findings, three radiologists each, of 12 bits."""
    source = tmp_path / "vindr"
    rows = []
    findings = {f"n{i}": ["No finding"] * 3 for i in range(5)}
    findings |= {"a0": ["No finding", "Cardiomegaly", "No finding"], "a1": ["Nodule/Mass"] * 3}
    for name, words in findings.items():
        write_dicom(
            rng.integers(100, 4000, (20, 24)).astype(np.uint16), name=f"vindr/train/{name}.dicom"
        )
        rows += [[name, word, 14, f"R{i}", "", "", "", ""] for i, word in enumerate(words)]
    header = ["image_id", "class_name", "class_id", "rad_id", "x_min", "y_min", "x_max", "y_max"]
    write_table(source / "train.csv", header, rows)
    return source


@pytest.fixture
def lag_source(tmp_path, save_image):
    """Six photographs without and three with glaucoma, numbered through, with attention maps."""
    source = tmp_path / "lag"
    for number in range(1, 10):
        folder = "suspicious_glaucoma" if number % 3 == 0 else "non_glaucoma"
        for kind in ("image", "attention_map"):
            save_image(source / folder / kind / f"{number:04d}.jpg", channels=3, size=(16, 16))
    return source


@pytest.fixture
def camelyon16_source(tmp_path, save_image):
    """Three patches to train, two normal and two abnormal ones to test, and some to validate."""
    source = tmp_path / "bmad"
    folders = {
        "train/good": 3,
        "test/good": 2,
        "test/Ungood": 2,
        "valid/good": 1,
        "valid/Ungood": 1,
    }
    for folder, count in folders.items():
        for i in range(count):
            save_image(source / "camelyon16" / folder / f"{1000 + i}.png", channels=3)
    return source


DIAGNOSES = ["MEL", "NV", "BCC", "AKIEC", "BKL", "DF", "VASC"]


@pytest.fixture
def isic2018_source(tmp_path, save_image):
    """Three nevi and a melanoma to train, two nevi and two others to test."""
    source = tmp_path / "isic"
    parts = {"Training": ["NV", "MEL", "NV", "NV"], "Test": ["DF", "NV", "VASC", "NV"]}
    for part, diagnoses in parts.items():
        rows = []
        for i, diagnosis in enumerate(diagnoses):
            name = f"ISIC_{i if part == 'Training' else i + 50:07d}"
            folder = source / f"ISIC2018_Task3_{part}_Input"
            save_image(folder / f"{name}.jpg", channels=3, size=(16, 12))
            rows.append([name, *(f"{float(d == diagnosis)}" for d in DIAGNOSES)])
        stem = f"ISIC2018_Task3_{part}_GroundTruth"
        write_table(source / stem / f"{stem}.csv", ["image", *DIAGNOSES], rows)
    return source


def brats_volume(rng, tumor=()):
    """Return a volume (240, 240, 155) of a box that is a brain, and its segmentation."""
    flair = np.zeros((240, 240, 155), np.int16)
    flair[60:180, 40:200, 20:130] = (
        rng.integers(100, 130, (12, 16, 110)).repeat(10, 0).repeat(10, 1)
    )
    seg = np.zeros_like(flair, np.uint8)
    for number in tumor:
        flair[100:120, 60:90, number] = 900
        seg[100:120, 60:90, number] = 4
    return flair, seg


@pytest.fixture(scope="session")
def brats2021_source(tmp_path_factory):
    """Four patients with tumors in some of the candidate slices."""
    nibabel = pytest.importorskip("nibabel")
    source = tmp_path_factory.mktemp("brats")
    rng = np.random.default_rng(0)
    for patient in range(4):
        flair, seg = brats_volume(rng, range(60 + patient, 80))
        for kind, values in (("flair", flair), ("seg", seg)):
            name = f"BraTS2021_{patient:05d}"
            path = source / name / f"{name}_{kind}.nii.gz"
            path.parent.mkdir(exist_ok=True)
            affine = np.array([[-1, 0, 0, 0], [0, -1, 0, 239], [0, 0, 1, 0], [0, 0, 0, 1.0]])
            nibabel.save(nibabel.Nifti1Image(values, affine), path)
    return source


@pytest.fixture
def one_line():
    """Return a pattern for the whole of a message of one line."""

    def pattern(*parts):
        return r"\A[^\n]*" + r"[^\n]*".join(map(re.escape, parts)) + r"[^\n]*\Z"

    return pattern


@pytest.fixture
def check_verified():
    """Check that ``verify`` finds nothing but other numbers of images."""

    def check(name, root):
        found = verify(name, root).to_dict()
        kinds = ("problems", "missing", "unreadable", "duplicates", "leaked", "stray")
        assert [found[kind] for kind in kinds] == [()] * len(kinds)

    return check
