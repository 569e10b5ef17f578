"""Members of an ensemble: finished runs with their scores, maps and models."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from mia_bench.detectors import plugins
from mia_bench.errors import StudyError
from mia_bench.study.images import load_split, locate_source
from mia_bench.study.plan import Run

if TYPE_CHECKING:
    from mia_bench.detectors.protocol import Prediction
    from mia_bench.run_folder.folder import RunFolder
    from mia_bench.run_folder.status import FinishedRun

METHOD = "fusion"  # what the run.json of an ensemble calls its method
MAX_PIXELS = 1 << 24  # of the training images' maps that make a scale


@dataclass(frozen=True)
class Member:
    """A finished run that takes part in an ensemble.

    Attributes:
        run: The run, as read from its folder.
        plan: The run with its settings, to load its images.
    """

    run: FinishedRun
    plan: Run

    @classmethod
    def of(cls, run: FinishedRun, root: str | None = None) -> Member:
        """Return a finished run as a member.

        Args:
            run: The run.
            root: The folder that holds the folders of registered datasets; by default the one that
                the run read, or where that is gone the default one.

        Raises:
            StudyError: It is an ensemble itself, which has no model and no training images.
        """
        settings = run.record.settings
        if settings.method == METHOD:
            msg = f"{run.folder.path} is a fusion itself: fuse its members"
            raise StudyError(msg)
        return cls(run, Run.of(settings, locate_source(run.record.data, root)))

    @property
    def folder(self) -> RunFolder:
        """The run's folder."""
        return self.run.folder

    @property
    def scores_sha256(self) -> str:
        """SHA-256 of scores.csv, which shows later whether the run was done again."""
        return hashlib.sha256(self.folder.scores.read_bytes()).hexdigest()

    @property
    def frame(self) -> str | None:
        """Part of the image that the maps show; None where the run has no maps."""
        return self.plan.resize if self.folder.maps.exists() else None

    @property
    def epochs(self) -> int:
        """Epochs that the model was trained for: those of the run, or the epoch that it chose."""
        selection = self.run.record.selection
        return self.plan.epochs if selection is None else selection.epoch

    def maps(self, side: int) -> np.ndarray:
        """Return the maps of the test images (N, side, side): enlarged, or of that size on disk.

        Raises:
            StudyError: The file is damaged.
        """
        try:
            maps = np.load(self.folder.maps, mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError, EOFError) as error:
            msg = f"cannot read {self.folder.maps}: {error}"
            raise StudyError(msg) from error
        return maps if maps.shape[1] == side else np.stack([_resized(each, side) for each in maps])

    def predict_normals(self, device: str, *, with_maps: bool) -> Prediction:
        """Score the training images; for their maps, evenly spread images are enough.

        Raises:
            DataError: The dataset is missing.
            StudyError: The model is damaged.
        """
        images = load_split(self.plan, "train").images
        if with_maps:
            every = -(-len(images) * self.plan.image_size**2 // MAX_PIXELS)
            images = np.asarray(images[::every])
        model = self.folder.model
        detector = plugins.load_detector(self.plan.method, model, owner=f"the model {model}")
        return detector.predict(images, device=device)


def _resized(heat: np.ndarray, side: int) -> np.ndarray:
    picture = Image.fromarray(heat.astype(np.float32, copy=False))
    return np.asarray(picture.resize((side, side), Image.Resampling.BILINEAR))


def align_scores(members: dict[str, Member]) -> tuple[list[str], dict[str, np.ndarray]]:
    """Return the ids of the test images, and each member's scores (N,) of them.

    Raises:
        StudyError: The members scored different images.
    """
    scores: dict[str, np.ndarray] = {}
    known: list[str] | None = None
    for label, member in members.items():
        ids, _, scores[label] = member.run.scores
        if known is not None and ids != known:
            first = next(iter(members.values()))
            msg = f"{member.folder.path} and {first.folder.path} scored different test images"
            raise StudyError(msg)
        known = ids
    return known or [], scores
