"""The folder of a fitted model: its detector, its preprocessing, the scores of normal images.

``MODEL/detector/`` is written by the method itself; ``fit.json`` and ``normal_scores.npy`` turn its
scores into quantiles, flags and colors. ``normal_split.npy`` says which image was held out.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import asdict, dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np
from mia_data import Producer

from mia_bench.detectors import plugins
from mia_bench.errors import RunsFailedError, StudyError
from mia_bench.files import write_array, write_json
from mia_bench.inference.normal_files import one_of, read_normal_scores, read_normal_split
from mia_bench.inference.normal_scores import NormalScores, predict_checked
from mia_bench.run_folder.bounded_file import read_bounded
from mia_bench.run_folder.json_file import MAX_BYTES, JsonTable, read_json

if TYPE_CHECKING:
    from pathlib import Path

    from mia_bench.detectors.protocol import Detector
    from mia_bench.inference.normal_split import NormalSplit

FORMAT = 1
FACTS = "fit.json"  # every model's folder holds it
MAX_SIDE = 4096  # pixels, of the images that a model takes
MAX_NAME = 200  # characters of a method's name
RESIZES = ("squash", "short_side")  # these three as mia_data.load knows them
BRIGHTNESS = ("percentiles", "equalize")
RESAMPLES = ("nearest", "box", "bilinear", "hamming", "bicubic", "lanczos")
_SCORES, _SPLIT, _DETECTOR = "normal_scores.npy", "normal_split.npy", "detector"


@dataclass(frozen=True, kw_only=True)
class Preprocessing:
    """Steps from files to the images that a detector sees.

    Attributes:
        size: Side of the square images in pixels.
        channels: 1 (gray) or 3 (RGB).
        resize: ``"squash"`` or ``"short_side"``, see ``mia_data.load``.
        resample: The filter that images are resized with, see ``mia_data.load``.
        window: (low, high) intensities of deep images, see ``mia_data.from_folder``.
        brightness: How each image's brightness is scaled, see ``mia_data.load``.
    """

    size: int
    channels: int
    resize: str
    window: tuple[float, float] | None = None
    resample: str = "bilinear"
    brightness: str | None = None


@dataclass(frozen=True, kw_only=True)
class Model:
    """A fitted model.

    Attributes:
        path: Its folder.
        method: The method's registered name.
        preprocessing: How files become its images.
        normal_scores: Scores of normal images.
        training: Facts about the training, as JSON values.
        split: The division of the normal images; None where nothing was held out.
    """

    path: Path
    method: str
    preprocessing: Preprocessing
    normal_scores: NormalScores
    training: dict[str, Any]
    split: NormalSplit | None = None

    def detector(self, device: str = "auto") -> Detector:
        """Load the trained detector, and see that it scores an image as the model describes them.

        Args:
            device: See ``Detector.predict``.

        Raises:
            StudyError: It is missing or damaged, of another method, or its package is not
                installed.
            RunsFailedError: The device ran out of memory.
        """
        owner = f"the model {self.path}"
        detector = plugins.load_detector(self.method, self.path / _DETECTOR, owner=owner)
        found = getattr(getattr(detector, "info", None), "name", self.method)
        if found != self.method:
            msg = f"{owner} is damaged: {FACTS} is of {self.method!r}, the detector of {found!r}"
            raise StudyError(msg)
        self._try(detector, device)
        return detector

    def _try(self, detector: Detector, device: str) -> None:
        side, channels = self.preprocessing.size, self.preprocessing.channels
        noise = np.random.default_rng(0).integers(0, 256, (1, channels, side, side), np.uint8)
        try:
            _, heat = predict_checked(detector, noise, device=device)
        except (
            *(ArithmeticError, AttributeError, LookupError, MemoryError),
            *(RunsFailedError, TypeError, ValueError),
        ) as error:
            if "out of memory" in str(error):
                raise
            what = " ".join(str(error).split())[:300]
            msg = f"the model {self.path} is damaged: it cannot score an image: {what}"
            raise StudyError(msg) from error
        if (heat is not None) != bool(self.normal_scores.pixels):
            msg = f"the model {self.path} is damaged: its detector and {FACTS} do not agree on "
            msg += "whether it has a map"
            raise StudyError(msg)

    def fingerprint(self) -> str:
        """Return a hash that changes when the model is fitted again."""
        return hashlib.sha256(read_bounded(self.path / FACTS, MAX_BYTES)).hexdigest()

    def producer(self) -> Producer:
        """Return what names the model in DICOM files."""
        return Producer(
            program="mia-bench",
            version=version("mia-bench"),
            method=self.method,
            model=self.fingerprint()[:16],
        )

    def write(self, folder: Path, detector: Detector) -> None:
        """Write everything that ``load_model`` reads into an empty folder."""
        detector.save(folder / _DETECTOR)
        write_array(folder / _SCORES, self.normal_scores.scores)
        facts = {
            "format": FORMAT,
            "method": self.method,
            "reading": asdict(self.preprocessing),
            "training": self.training,
            "reference": self.normal_scores.summary(),
        }
        if self.split is not None:
            write_array(folder / _SPLIT, self.split.parts)
            facts["split"] = self.split.facts()
        write_json(folder / FACTS, facts)


def load_model(path: Path) -> Model:
    """Load the model that ``fit`` wrote; every file is checked, for it may be a stranger's.

    Raises:
        StudyError: The folder or a file of it is missing or damaged.
    """
    if not path.is_dir() or not os.path.lexists(path / FACTS):
        msg = f"no model in {path}: expected a folder written by mia-bench fit, with {FACTS}"
        raise StudyError(msg)
    try:
        return _read(path, read_json(path / FACTS))
    except StudyError as error:
        msg = f"the model {path} is damaged: {error}"
        raise StudyError(msg) from error


def _read(path: Path, facts: JsonTable) -> Model:
    facts.require("format", "method", "reading", "training", "reference")
    if facts.whole("format") != FORMAT:
        msg = f"its format is {facts.whole('format')}, expected {FORMAT}"
        raise StudyError(msg)
    training = facts.table("training")
    for count in ("images", "epochs"):  # for pages
        training.whole(count)
    method = facts.text("method")
    if len(method) > MAX_NAME:
        msg = f"expected the method's name, got {len(method)} characters"
        raise StudyError(msg)
    return Model(
        path=path,
        method=method,
        preprocessing=_read_preprocessing(facts.table("reading")),
        normal_scores=read_normal_scores(path / _SCORES, facts.table("reference")),
        training=facts.plain("training"),
        split=read_normal_split(path / _SPLIT, facts.optional(JsonTable.table, "split")),
    )


def _read_preprocessing(reading: JsonTable) -> Preprocessing:
    size, channels = reading.whole("size", 1), reading.whole("channels", 1)
    if size > MAX_SIDE or channels not in (1, 3):
        msg = f"expected images of at most {MAX_SIDE} x {MAX_SIDE} pixels in 1 or 3 channels, "
        msg += f"got {size} x {size} in {channels}"
        raise StudyError(msg)
    window = reading.optional(JsonTable.interval, "window")
    if window and not window[0] < window[1]:
        msg = f"expected the window's low end below its high end, got {list(window)}"
        raise StudyError(msg)
    return Preprocessing(
        size=size,
        channels=channels,
        resize=one_of(reading, "resize", RESIZES),
        window=window,
        # Models of before do not name it.
        resample=reading.optional(_resample, "resample") or Preprocessing.resample,
        brightness=reading.optional(_brightness, "brightness"),
    )


def _resample(reading: JsonTable, key: str) -> str:
    return one_of(reading, key, RESAMPLES)


def _brightness(reading: JsonTable, key: str) -> str:
    return one_of(reading, key, BRIGHTNESS)
