"""Small datasets made for one test, and where the shared ones are."""

from __future__ import annotations

import json
import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image


@pytest.fixture(autouse=True)
def cache_folder(tmp_path, monkeypatch):
    """Every test has an empty cache, and no data root of the person who runs it."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("MIA_CACHE_DIR", str(folder))
    monkeypatch.delenv("MIA_DATA_ROOT", raising=False)
    return folder


@pytest.fixture
def shared_root():
    """The folder of real images that tests may read."""
    default = Path(__file__).resolve().parent / "../../../../shared"
    root = Path(os.environ.get("MIA_TEST_SHARED", default)) / "data"
    if not root.is_dir():
        pytest.skip(f"no shared data in {root} (set MIA_TEST_SHARED)")
    return root


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def save_image(rng):
    """Write a random image (or a given array) in the format of its suffix; return its array."""

    def save(path, pixels=None, *, size=(12, 10), channels=1, **options):
        path.parent.mkdir(parents=True, exist_ok=True)
        if pixels is None:
            shape = size[::-1] if channels == 1 else (*size[::-1], channels)
            pixels = rng.integers(0, 256, shape, dtype=np.uint8)
        Image.fromarray(pixels).save(path, **options)
        return pixels

    return save


@pytest.fixture
def make_png():
    """Return the bytes of a PNG with these fields in its header and this data, whether it fits."""

    def chunk(name, data):
        crc = struct.pack(">I", zlib.crc32(name + data))
        return struct.pack(">I", len(data)) + name + data + crc

    def make(width, height, *, bits, color_type, data):
        header = struct.pack(">IIBBBBB", width, height, bits, color_type, 0, 0, 0)
        chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(data)), (b"IEND", b""))
        return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*each) for each in chunks)

    return make


@pytest.fixture
def write_dicom(tmp_path):
    """Write pixels, (H, W), (H, W, 3) or frames of one of them, with these elements."""
    pydicom = pytest.importorskip("pydicom")
    from pydicom.dataset import FileDataset, FileMetaDataset
    from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

    def write(pixels, *, name="x.dcm", syntax=ExplicitVRLittleEndian, **elements):
        meta = FileMetaDataset()
        meta.MediaStorageSOPClassUID = CTImageStorage
        meta.MediaStorageSOPInstanceUID = generate_uid()
        meta.TransferSyntaxUID = syntax
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        ds = FileDataset(str(path), {}, file_meta=meta, preamble=b"\0" * 128)
        ds.SOPClassUID = CTImageStorage
        is_color = pixels.ndim > 2 and pixels.shape[-1] == 3
        frame = pixels.shape[-3:] if is_color else pixels.shape[-2:]
        if pixels.ndim > len(frame):
            ds.NumberOfFrames = len(pixels)
        ds.Rows, ds.Columns = frame[:2]
        ds.SamplesPerPixel = 3 if is_color else 1
        ds.PhotometricInterpretation = "RGB" if is_color else "MONOCHROME2"
        if is_color:
            ds.PlanarConfiguration = 0
        ds.BitsAllocated = ds.BitsStored = pixels.dtype.itemsize * 8
        ds.HighBit = ds.BitsStored - 1
        ds.PixelRepresentation = int(pixels.dtype.kind == "i")
        data = pixels.tobytes()
        ds.PixelData = data + b"\0" * (len(data) % 2)
        for key, value in elements.items():
            setattr(ds, key, value)
        pydicom.dcmwrite(path, ds, enforce_file_format=True)
        return path

    return write


@pytest.fixture
def json_dataset(tmp_path, save_image):
    """A root with BrainTumor in the json layout: 3 to train, 2 + 2 to test."""
    folder = tmp_path / "root" / "BrainTumor"
    lists = {
        "train": {"0": ["c.png", "a.png", "b.png"]},
        "test": {"0": ["n2.png", "n1.png"], "1": ["x2.png", "x1.png"]},
    }
    for names in (*lists["train"].values(), *lists["test"].values()):
        for name in names:
            save_image(folder / "images" / name)
    (folder / "data.json").write_text(json.dumps(lists))
    return folder


@pytest.fixture
def brats_dataset(tmp_path, save_image):
    """A root with BraTS2021: 2 to train, 1 + 2 to test, with masks."""
    folder = tmp_path / "root" / "BraTS2021"
    for name in ("p1_flair_1", "p2_flair_7"):
        save_image(folder / "train" / f"{name}.png")
    save_image(folder / "test" / "normal" / "n_flair_1.png")
    for i, name in enumerate(("t1_{}_3", "t2_{}_4")):
        save_image(folder / "test" / "tumor" / f"{name.format('flair')}.png")
        mask = np.zeros((10, 12), np.uint8)
        mask[2:5, 3 : 6 + i] = 255
        save_image(folder / "test" / "annotation" / f"{name.format('seg')}.png", mask)
    return folder


@pytest.fixture
def tree(tmp_path, save_image):
    """Make a folder ``own`` of images with these names."""

    def make(*names, size=(8, 8)):
        for name in names:
            save_image(tmp_path / "own" / name, size=size)
        return tmp_path / "own"

    return make
