"""A folder of normal images of many sizes, one with lesions in it, and a model fitted to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import mia_bench
import numpy as np
import pytest
import torch
from PIL import Image

if TYPE_CHECKING:
    from pathlib import Path


def draw(rng: np.random.Generator, width: int, height: int, lesion: bool):
    """A noisy gray ellipse, with a bright square where it has a lesion; and the mask."""
    y, x = np.mgrid[:height, :width]
    inside = np.hypot((x - width / 2) / (0.42 * width), (y - height / 2) / (0.42 * height)) < 1
    image = 90.0 * inside + rng.normal(0, 5, (height, width))
    mask = np.zeros((height, width), bool)
    if lesion:
        across, down = width // 5, height // 5
        left, top = rng.integers(width // 4, width // 2), rng.integers(height // 4, height // 2)
        mask[top : top + down, left : left + across] = True
        image[mask] += 130
    return image.clip(0, 255).astype(np.uint8), mask


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    """Networks this small are faster without a second thread."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def draw_folder():
    """Draw images of random sizes into a folder; return their masks by file name."""

    def fill(folder: Path, count: int, *, seed: int, lesion: bool = False, prefix: str = "n"):
        rng = np.random.default_rng(seed)
        folder.mkdir(parents=True, exist_ok=True)
        masks = {}
        for i in range(count):
            width, height = rng.integers(40, 90, 2).tolist()
            image, mask = draw(rng, width, height, lesion)
            name = f"{prefix}{i:02}.png"
            Image.fromarray(image).save(folder / name)
            masks[name] = mask
        return masks

    return fill


@pytest.fixture(scope="session")
def normals(tmp_path_factory, draw_folder) -> Path:
    """A folder of 40 normal images."""
    folder = tmp_path_factory.mktemp("own") / "normals"
    draw_folder(folder, 40, seed=1)
    return folder


@pytest.fixture(scope="session")
def mixed(tmp_path_factory, draw_folder):
    """A folder of 8 normal and 8 abnormal images (x..), and the masks of the abnormal ones."""
    folder = tmp_path_factory.mktemp("own") / "mixed"
    draw_folder(folder, 8, seed=2)
    return folder, draw_folder(folder, 8, seed=3, lesion=True, prefix="x")


@pytest.fixture(scope="session")
def quick():
    """Settings of a small, fast autoencoder that is trained on all images."""
    options = {"batch_size": 8, "width": 4, "hidden": 32, "latent": 4, "learning_rate": 3e-3}
    settings = {"image_size": 32, "epochs": 40, "device": "cpu", "options": options}
    return {"method": "ae", "holdout": None, **settings}


@pytest.fixture(scope="session")
def model(tmp_path_factory, normals, quick) -> Path:
    """A fitted model."""
    folder = tmp_path_factory.mktemp("own") / "model"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MIA_CACHE_DIR", str(tmp_path_factory.getbasetemp() / "cache"))
        mia_bench.fit(images=normals, model=folder, **quick)
    return folder


@pytest.fixture(scope="session")
def write_ct():
    """Write values (N, H, W) in Hounsfield units as a CT series of 16 bits.

    ``elements`` are set in each file. The names of the files say nothing of their order.
    """
    pydicom = pytest.importorskip("pydicom")
    from pydicom.dataset import FileDataset, FileMetaDataset
    from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

    def write(folder: Path, values, *, origin=(-10.0, 20.0, 30.0), step=3.0, **elements):
        shared = {
            "SOPClassUID": CTImageStorage,
            "StudyInstanceUID": generate_uid(),
            "SeriesInstanceUID": generate_uid(),
            "FrameOfReferenceUID": generate_uid(),
            "Modality": "CT",
            "PatientName": "Doe^Jane",
            "PatientID": "P1",
            "SeriesNumber": 4,
            "ImageOrientationPatient": [1, 0, 0, 0, 1, 0],
            "PixelSpacing": [0.5, 2.0],
            "SliceThickness": 3,
            "RescaleSlope": 1,
            "RescaleIntercept": -1024,
            **elements,
        }
        folder.mkdir(parents=True, exist_ok=True)
        for i, pixels in enumerate(values):
            meta = FileMetaDataset()
            meta.MediaStorageSOPClassUID = CTImageStorage
            meta.MediaStorageSOPInstanceUID = generate_uid()
            meta.TransferSyntaxUID = ExplicitVRLittleEndian
            ds = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
            ds.SOPInstanceUID = meta.MediaStorageSOPInstanceUID
            for key, value in shared.items():
                setattr(ds, key, value)
            ds.ImagePositionPatient = [origin[0], origin[1], origin[2] + i * step]
            ds.InstanceNumber = i + 1
            ds.Rows, ds.Columns = pixels.shape
            ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
            ds.BitsAllocated = ds.BitsStored = 16
            ds.HighBit, ds.PixelRepresentation = 15, 0
            ds.PixelData = (np.rint(pixels) + 1024).astype("<u2").tobytes()
            # 7 has no divisor in common with the numbers of slices here.
            name = f"im{i * 7 % len(values):03}.dcm"
            pydicom.dcmwrite(folder / name, ds, enforce_file_format=True)

    return write


def score_by_brightness(patch: pytest.MonkeyPatch) -> None:
    """Make any model's map the brightness of each pixel from 0 to 1, and its score the highest."""
    from mia_bench.inference import loaded_model, normal_scores

    def predict(_, images, **how):
        maps = np.asarray(images, np.float32)[:, 0] / 255
        return maps.max(axis=(1, 2)), maps

    for module in (normal_scores, loaded_model):
        patch.setattr(module, "predict_checked", predict)


@pytest.fixture
def brightness(monkeypatch):
    """See ``score_by_brightness``; until the test ends."""
    score_by_brightness(monkeypatch)


@pytest.fixture(scope="session")
def fitted_to_dark_series(write_ct, tmp_path_factory) -> Path:
    """A model of 32 px, fitted to a series of which no pixel is brighter than 0.4."""
    folder = tmp_path_factory.mktemp("bright")
    rng = np.random.default_rng(0)
    write_ct(folder / "normal", rng.uniform(100, 400, (12, 32, 32)))
    settings = {"method": "ae", "image_size": 32, "epochs": 1, "holdout": None, "device": "cpu"}
    with pytest.MonkeyPatch.context() as patch:
        score_by_brightness(patch)
        patch.setenv("MIA_CACHE_DIR", str(tmp_path_factory.getbasetemp() / "cache"))
        mia_bench.fit(
            images=folder / "normal",
            model=folder / "model",
            window=(0, 1000),
            options={"width": 4, "hidden": 32, "latent": 4},
            **settings,
        )
    return folder / "model"


@pytest.fixture
def bright_model(brightness, fitted_to_dark_series) -> Path:
    """That model, whose map is the brightness."""
    return fitted_to_dark_series
