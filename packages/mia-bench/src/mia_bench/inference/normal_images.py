"""Normal images that a model is trained on and measured with."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mia_data

from mia_bench.errors import StudyError
from mia_bench.inference.normal_scores import measure_normal_scores

if TYPE_CHECKING:
    import os

    from mia_data import ImageSet

    from mia_bench.detectors.protocol import Detector
    from mia_bench.inference.model_folder import Preprocessing
    from mia_bench.inference.normal_scores import NormalScores


@dataclass(frozen=True)
class NormalImages:
    """Normal images to train on, and others that are held out, where there are any.

    Attributes:
        train: The images to train on.
        held_out: The calibration images, None where there are none.
    """

    train: ImageSet
    held_out: ImageSet | None

    def measure(self, detector: Detector, device: str) -> NormalScores:
        """Score the held-out images, or the training images where there are none."""
        normal = self.train if self.held_out is None else self.held_out
        return measure_normal_scores(
            detector, normal.images, held_out=self.held_out is not None, device=device
        )

    def identity(self) -> dict[str, Any]:
        """Identify the training images by their number and hashes of names and pixels."""
        pixels = hashlib.sha256()
        for image in self.train.images:
            pixels.update(image)
        names = "\n".join(self.train.ids).encode("utf-8", "surrogateescape")
        return {
            "images": len(self.train),
            "ids_sha256": hashlib.sha256(names).hexdigest(),
            "pixels_sha256": pixels.hexdigest(),
        }


def read_normal_images(
    images: str | os.PathLike[str],
    calibration: str | os.PathLike[str] | None,
    preprocessing: Preprocessing,
) -> NormalImages:
    """Read the images to train on, and calibration images that are not among them.

    Raises:
        DataError: A folder that is missing, empty or holds a file that cannot be read.
        StudyError: Calibration images with the pixels of training images.
    """
    train = _read(images, preprocessing)
    if calibration is None:
        return NormalImages(train, None)
    held_out = _read(calibration, preprocessing)
    _check_held_out(train, held_out)
    return NormalImages(train, held_out)


def _read(folder: str | os.PathLike[str], preprocessing: Preprocessing) -> ImageSet:
    return mia_data.from_folder(
        Path(folder),
        "train",
        size=preprocessing.size,
        channels=preprocessing.channels,
        resize=preprocessing.resize,
        resample=preprocessing.resample,
        window=preprocessing.window,
    )


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
