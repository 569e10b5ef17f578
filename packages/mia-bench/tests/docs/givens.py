"""What code blocks of the documentation ask for: images, folders, finished studies."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import mia_data
import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def make(name: str, folder: Path, fixtures: dict[str, Any]) -> dict[str, Any]:
    """Make what a block asks for and return the variables that it brings.

    Args:
        name: The words of the comment.
        folder: Where the page's blocks run.
        fixtures: ``root`` and ``made_up`` of the tests.

    Raises:
        ValueError: Nothing of that name is known.
    """
    if found := re.fullmatch(r"(RGB )?images of (\d+) pixels", name):
        return _images(3 if found[1] else 1, int(found[2]))
    makers: dict[str, Callable[[Path, dict[str, Any]], dict[str, Any]]] = {
        "folders normal and new": _folders,
        "CT series in normal and new": _series,
        "a sorted folder scans and a table scans.csv": _scans,
        "data of braintumor and brats2021": _data,
        "finished studies": _studies,
        "embeddings": _embeddings,
    }
    if name not in makers:
        msg = f"expected one of {sorted(makers)} or images of N pixels, got {name!r}"
        raise ValueError(msg)
    return makers[name](folder, fixtures)


def _images(channels: int, size: int) -> dict[str, Any]:
    train = mia_data.phantom("train", size=size, channels=channels, n_train=8).images
    test = mia_data.phantom("test", size=size, channels=channels, n_normal=2, n_abnormal=2)
    new = np.asarray(test.images)
    names = {"normal_images": train, "new_images": new, "images": new, "others": train[4:]}
    return {**names, "masks": np.asarray(test.masks), "pixels": new[0, 0]}


def _folders(folder: Path, fixtures: dict[str, Any]) -> dict[str, Any]:
    drawn = _drawn()
    for name in ("normal", "new"):
        (folder / name).mkdir(exist_ok=True)
        for number, image in enumerate(drawn[name]):
            Image.fromarray(image).save(folder / name / f"{number:02}.png")
    return {"pixels": drawn["new"][0]}


def _series(folder: Path, fixtures: dict[str, Any]) -> dict[str, Any]:
    import pydicom
    from pydicom.uid import generate_uid

    for name, images in _drawn().items():
        for patient, slices in enumerate(np.split(images, len(images) // 4)):
            home = folder / name / f"patient-{patient}"
            home.mkdir(parents=True, exist_ok=True)
            series = generate_uid()
            for number, pixels in enumerate(slices):
                file = pydicom.examples.ct.copy()
                file.SeriesInstanceUID = series
                file.SOPInstanceUID = file.file_meta.MediaStorageSOPInstanceUID = generate_uid()
                file.ImagePositionPatient = [0, 0, 5 * number]
                file.Rows, file.Columns = pixels.shape
                file.RescaleIntercept, file.RescaleSlope = -1024, 1
                file.PixelData = (pixels.astype("<i2") + 1024).tobytes()
                file.save_as(home / f"{number}.dcm")
    return {}


def _scans(folder: Path, fixtures: dict[str, Any]) -> dict[str, Any]:
    rows = ["path,split,label,mask"]
    test = mia_data.phantom("test", n_normal=3, n_abnormal=3)
    train = mia_data.phantom("train", n_train=4).images
    groups = {"train/normal": train, "test/normal": test.images[:3], "test/lesion": test.images[3:]}
    for name, images in groups.items():
        (folder / "scans" / name).mkdir(parents=True, exist_ok=True)
        for number, image in enumerate(np.asarray(images)):
            path = f"scans/{name}/{number}.png"
            Image.fromarray(image[0]).save(folder / path)
            rows.append(f"{path},{name[: name.index('/')]},{int('lesion' in name)},")
    (folder / "scans.csv").write_text("\n".join(rows) + "\n")
    return {}


def _data(folder: Path, fixtures: dict[str, Any]) -> dict[str, Any]:
    (folder / "data").symlink_to(fixtures["root"])
    return {}


def _studies(folder: Path, fixtures: dict[str, Any]) -> dict[str, Any]:
    for name in ("mia-results", "before", "after"):
        fixtures["made_up"](
            folder / name, ["braintumor", "brats2021"], {"nsa": 1.2, "ae": 0.8}, pixels=100
        )
    return {}


def _embeddings(folder: Path, fixtures: dict[str, Any]) -> dict[str, Any]:
    values = np.random.default_rng(0).normal(size=(40, 8))
    return {"normal_embeddings": values[:30], "embeddings": values[30:]}


def _drawn() -> dict[str, np.ndarray]:
    """Return 40 normal images, and 8 new ones of which half have a lesion."""
    normal = mia_data.phantom("train", n_train=40).images
    new = mia_data.phantom("test", n_normal=4, n_abnormal=4).images
    return {"normal": np.asarray(normal)[:, 0], "new": np.asarray(new)[:, 0]}
