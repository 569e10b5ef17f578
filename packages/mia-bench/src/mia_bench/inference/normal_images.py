"""Normal images that a model is trained on, and those that its thresholds come from."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mia_data
import numpy as np

from mia_bench.errors import StudyError
from mia_bench.inference.image_groups import group_images
from mia_bench.inference.normal_scores import FPR
from mia_bench.inference.normal_split import (
    NormalSplit,
    TooFewImagesError,
    hash_names,
    hold_out,
    make_folds,
)
from mia_bench.run_folder.reading import Reading

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Hashable, Sequence

    from mia_data import ImageSet

    from mia_bench.inference.model_folder import Preprocessing

_COPIED = 1 << 30  # bytes of images that are copied into memory; more are read one by one


@dataclass(frozen=True)
class NormalImages:
    """Normal images, and how they are divided.

    Attributes:
        whole: The images.
        split: The division of ``whole``; None where all are trained on and none is judged by a
            model that has not seen it.
        calibration: Images of a folder of their own that give the thresholds, None where there is
            none.
    """

    whole: ImageSet
    split: NormalSplit | None
    calibration: ImageSet | None

    @property
    def trained(self) -> np.ndarray:
        """Indices of the images that the model is trained on."""
        return np.arange(len(self.whole)) if self.split is None else self.split.trained

    def identity(self) -> dict[str, Any]:
        """Identify the images to train on by their number and hashes of names and pixels."""
        pixels = hashlib.sha256()
        for index in self.trained:
            pixels.update(self.whole.images[index])
        return {
            "images": len(self.trained),
            "ids_sha256": hash_names([self.whole.ids[index] for index in self.trained]),
            "pixels_sha256": pixels.hexdigest(),
        }


class ImageView:
    """Some of the images of an array, uint8 (N, C, H, W), as a map-style dataset."""

    def __init__(self, images: np.ndarray, indices: np.ndarray) -> None:
        self._images = images
        self._indices = indices

    def __len__(self) -> int:
        return len(self._indices)

    def __getitem__(self, index: int) -> dict[str, np.ndarray]:
        return {"image": np.array(self._images[self._indices[index]])}


def take_images(images: np.ndarray, indices: np.ndarray) -> np.ndarray | ImageView:
    """Return the images at rising indices for ``Detector.fit``; too many are not copied."""
    if len(indices) == len(images):
        return images
    size = len(indices) * int(np.prod(images.shape[1:]))
    return np.asarray(images[indices]) if size <= _COPIED else ImageView(images, indices)


def read_normal_images(
    images: str | os.PathLike[str],
    preprocessing: Preprocessing,
    *,
    calibration: str | os.PathLike[str] | None,
    recursive: bool = False,
    holdout: float | None,
    fpr: float | None,
    is_trained: bool,
    reading: Reading | None = None,
    patients: Callable[[str], Hashable] | None = None,
    cache_dir: Path | None = None,
    anonymous: bool = False,
) -> NormalImages:
    """Read normal images and divide them, or read calibration images that are not among them.

    Args:
        images: Folder of normal images.
        preprocessing: How they are read.
        calibration: Folder of calibration images: nothing is held out then.
        recursive: Take the images of all folders below these too.
        holdout: Share of the images that is held out; None for nothing.
        fpr: The false-positive rate that thresholds shall be had for. None: 0.05 if there are
            enough images for it, else nothing is held out.
        is_trained: Whether the method is trained. One that is not is fitted in seconds, so that
            each image can be held out in turn.
        reading: What is allowed of their files, and how their patients are known.
        patients: Gives the patient of an image by its id; None for what the image set knows.
        cache_dir: Where decoded images are kept; None for the usual folder.
        anonymous: Whether images are called by their numbers.

    Raises:
        DataError: A folder that is missing, empty or holds a file that cannot be read.
        StudyError: Calibration images with the pixels, of the patients or of the DICOM series of
            training images, or too few images.
    """
    reading = reading or Reading()
    whole = _read(images, recursive, preprocessing, reading, cache_dir)
    if calibration is not None:
        held_out = _read(calibration, recursive, preprocessing, reading, cache_dir)
        if not reading.allow_shared_files:
            _check_held_out(whole, held_out)
        if not reading.allow_shared_patients:
            _check_patients(whole, held_out)
            _check_series(whole, held_out)
        return NormalImages(_named(whole, anonymous), None, held_out)
    if holdout is None:
        return NormalImages(_named(whole, anonymous), None, None)
    known: Sequence[Hashable] | None = whole.patients
    if patients is not None:
        known = [patients(name) for name in whole.ids]
    whole = _named(whole, anonymous)
    groups = group_images(whole.images, known, whole.volumes)
    divide = hold_out if is_trained else make_folds
    try:
        split = divide(whole.ids, groups, share=holdout, fpr=FPR if fpr is None else fpr)
    except TooFewImagesError:
        if fpr is not None:
            raise
        return NormalImages(whole, None, None)
    return NormalImages(whole, split, None)


def _read(
    folder: str | os.PathLike[str],
    recursive: bool,
    preprocessing: Preprocessing,
    reading: Reading,
    cache_dir: Path | None,
) -> ImageSet:
    return mia_data.from_folder(
        Path(folder),
        "train",
        recursive=recursive,
        size=preprocessing.size,
        channels=preprocessing.channels,
        resize=preprocessing.resize,
        resample=preprocessing.resample,
        window=preprocessing.window,
        brightness=preprocessing.brightness,
        allow_damaged=reading.allow_damaged,
        allow_shared_files=reading.allow_shared_files,
        patients=reading.patients,
        allow_shared_patients=reading.allow_shared_patients,
        cache_dir=cache_dir,
    )


def _named(images: ImageSet, anonymous: bool) -> ImageSet:
    """Return images that are called by their numbers where that is asked for."""
    return replace(images, ids=tuple(map(str, range(len(images))))) if anonymous else images


def _check_held_out(train: ImageSet, held_out: ImageSet) -> None:
    """Refuse calibration images that are trained on: a model scores these too low."""
    known = {hashlib.sha256(image).digest() for image in train.images}
    both = [
        name
        for name, image in zip(held_out.ids, held_out.images, strict=True)
        if hashlib.sha256(image).digest() in known
    ]
    if both:
        msg = (
            f"expected calibration images that are not trained on, got {len(both)} of "
            f"{len(held_out)} with the pixels of training images, the first is {both[0]!r}"
        )
        raise StudyError(msg)


def _check_patients(train: ImageSet, held_out: ImageSet) -> None:
    """Refuse calibration images of patients that are trained on."""
    both = sorted(set(train.patients or ()) & set(held_out.patients or ()))
    if both:
        msg = (
            f"expected calibration images of other patients than those that are trained on, got "
            f"{len(both)} of the same, the first is {both[0]!r} (--allow-shared-patients reads "
            "them as they are)"
        )
        raise StudyError(msg)


def _check_series(train: ImageSet, held_out: ImageSet) -> None:
    """Refuse calibration images of DICOM series that are trained on."""
    known = _series(train)
    both = [file for uid, file in _series(held_out).items() if uid in known]
    if both:
        msg = (
            f"expected calibration images of other DICOM series than those that are trained on, "
            f"got slices of {len(both)} of the same, the first is {both[0]!r} "
            "(--allow-shared-patients reads them as they are)"
        )
        raise StudyError(msg)


def _series(images: ImageSet) -> dict[str, str]:
    """Return the first file of each DICOM series."""
    if images.volumes is None or images.paths is None:
        return {}
    files = dict.fromkeys(map(str, images.paths))
    volumes = mia_data.find_volumes("", files)
    return {
        each.series_uid: each.files[0] for each in volumes if isinstance(each, mia_data.DicomVolume)
    }
