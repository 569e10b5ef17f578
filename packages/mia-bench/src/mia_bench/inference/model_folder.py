"""The folder of a fitted model: its detector, its preprocessing, the scores of normal images.

``MODEL/detector/`` is written by the method itself; ``fit.json`` and ``normal_scores.npy`` turn its
scores into quantiles, flags and colors. ``normal_split.npy`` says which image was held out.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np
from mia_data import Producer

from mia_bench.detectors import plugins
from mia_bench.errors import StudyError
from mia_bench.files import write_array, write_json
from mia_bench.inference.normal_scores import LEVELS, NormalScores, Origin
from mia_bench.inference.normal_split import NormalSplit

if TYPE_CHECKING:
    from pathlib import Path

    from mia_bench.detectors.protocol import Detector

FORMAT = 1
FACTS = "fit.json"  # every model's folder holds it
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

    def detector(self) -> Detector:
        """Load the trained detector.

        Raises:
            StudyError: It is missing or damaged, or its package is not installed.
        """
        folder = self.path / _DETECTOR
        return plugins.load_detector(self.method, folder, owner=f"the model {self.path}")

    def fingerprint(self) -> str:
        """Return a hash that changes when the model is fitted again."""
        return hashlib.sha256((self.path / FACTS).read_bytes()).hexdigest()

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
    """Load the model that ``fit`` wrote.

    Raises:
        StudyError: The folder or a file of it is missing or damaged.
    """
    if not (path / FACTS).is_file():
        msg = f"no model in {path}: expected a folder written by mia-bench fit, with {FACTS}"
        raise StudyError(msg)
    try:
        facts = json.loads((path / FACTS).read_text(encoding="utf-8"))
        if facts["format"] != FORMAT:
            msg = f"its format is {facts['format']}, expected {FORMAT}"
            raise ValueError(msg)
        reading = dict(facts["reading"])
        reading["window"] = reading["window"] and tuple(reading["window"])
        known = facts["reference"]
        scores = np.load(path / _SCORES, allow_pickle=False)
        if scores.shape != (known["images"],) or not len(scores):
            msg = f"{_SCORES} has the shape {scores.shape}, expected ({known['images']},)"
            raise ValueError(msg)
        pixels = {float(level): value for level, value in known["pixel_quantiles"].items()}
        if pixels and set(pixels) != set(LEVELS):
            msg = f"expected the pixel_quantiles {LEVELS}, got {tuple(pixels)}"
            raise ValueError(msg)
        return Model(
            path=path,
            method=facts["method"],
            preprocessing=Preprocessing(**reading),
            normal_scores=NormalScores(origin=_origin(known), scores=scores, pixels=pixels),
            training=facts["training"],
            split=_read_split(path, facts.get("split")),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError, EOFError) as error:
        reason = f"{error} is missing" if isinstance(error, KeyError) else error
        msg = f"the model {path} is damaged: {reason}"
        raise StudyError(msg) from error


def _origin(reference: dict[str, Any]) -> Origin:
    """Return the images that the scores are of; older models do not say more than this."""
    known = Origin.CALIBRATION if reference["held_out"] else Origin.TRAINING
    return Origin(reference.get("origin", known))


def _read_split(path: Path, facts: dict[str, Any] | None) -> NormalSplit | None:
    if facts is None:
        return None
    parts = np.load(path / _SPLIT, allow_pickle=False)
    if parts.shape != (facts["images"],) or parts.dtype != np.int16:
        msg = f"{_SPLIT} holds {parts.dtype} {parts.shape}, expected int16 ({facts['images']},)"
        raise ValueError(msg)
    return NormalSplit(
        rule=facts["rule"],
        parts=parts,
        groups=facts["groups"],
        share=facts["share"],
        ids_sha256=facts["ids_sha256"],
    )
