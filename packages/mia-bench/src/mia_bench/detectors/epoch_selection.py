"""Selection of the epoch whose detector is kept, without labels.

Nothing in this file is given a label, a mask or a set that holds them: a rule compares the scores
of two arrays of images, and the labels of the test images are read after the training only.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

import mia_metrics
import numpy as np

from mia_bench.errors import StudyError, unknown_name
from mia_bench.files import write_json

if TYPE_CHECKING:
    from pathlib import Path

    from mia_bench.detectors.protocol import Detector

LAST = "last"  # no choice
PSEUDO, SYNTHETIC = "pseudo_auroc", "synthetic_auroc"
RULES = (LAST, PSEUDO, SYNTHETIC)
HELD_OUT = 0.1  # share of the training images that is not trained on
CANDIDATES = 25  # epochs that are compared at most
PASTE, COPIES = "nsa", 4  # how synthetic anomalies are made, of each held-out image so many
_STREAM = 8  # of the run's seed


def check_rule(where: str, rule: str) -> str | None:
    """Return the rule, or None for the last epoch.

    Raises:
        StudyError: No such rule.
    """
    if rule not in RULES:
        raise unknown_name(where, rule, RULES)
    return None if rule == LAST else rule


@dataclass(frozen=True)
class Split:
    """Training images that are trained on, and those held out: uint8 (N, C, H, W)."""

    kept: np.ndarray
    held_out: np.ndarray


def split(images: np.ndarray, seed: int) -> Split:
    """Hold out a share of the training images, drawn from the seed.

    Raises:
        StudyError: Too few images.
    """
    count = max(2, round(HELD_OUT * len(images)))
    if len(images) < count + 2:
        msg = f"expected at least 4 training images to choose an epoch with, got {len(images)}"
        raise StudyError(msg)
    order = np.random.default_rng([seed, _STREAM]).permutation(len(images))
    return Split(np.asarray(images[np.sort(order[count:])]), images[np.sort(order[:count])])


def contrast(rule: str, held_out: np.ndarray, unlabeled: np.ndarray, seed: int) -> np.ndarray:
    """Return the images that held-out normal ones are compared with.

    ``pseudo_auroc``: the test images, of unknown labels. Paper: https://arxiv.org/abs/2606.08742
    ``synthetic_auroc``: the held-out images themselves with anomalies pasted in.

    Raises:
        StudyError: Images into which no anomaly can be pasted.
    """
    if rule == PSEUDO:
        return unlabeled
    import mia_ssl  # brings torch, which reading a study need not wait for

    # In small images, fewer than half of the patches find a place.
    copies = np.concatenate([held_out] * COPIES)
    pasted, label = mia_ssl.synthesize(PASTE, copies, seed=seed)
    changed = label.flatten(1).any(1).numpy()
    if not changed.any():
        msg = f"no synthetic anomaly fits into the {len(held_out)} held-out training images"
        raise StudyError(msg)
    return pasted.numpy()[changed]


class Selection:
    """Compares a training's epochs and keeps the best one's detector, the earliest of equal ones.

    Its state is on disk after every epoch, so that an interrupted training goes on; an epoch that
    is trained again is the same one, because the seed is.

    Args:
        path: The folder that keeps the best detector and the scores of the epochs.
        normals: Held-out normal images.
        others: The images that they are compared with, see ``contrast``.
        epochs: Epochs of the whole training.
        device: See ``Detector.predict``.
    """

    def __init__(
        self, path: Path, normals: np.ndarray, others: np.ndarray, *, epochs: int, device: str
    ) -> None:
        self._path = path
        self._images = normals, others
        self._epochs = epochs
        self._device = device
        self._facts = path / "selection.json"
        self.scores: dict[int, float] = {}
        if self._facts.exists():
            found = json.loads(self._facts.read_text(encoding="utf-8"))
            self.scores = {int(epoch): value for epoch, value in found.items()}

    @property
    def epoch(self) -> int:
        """The best epoch so far.

        Raises:
            StudyError: The training has had no epoch.
        """
        if not self.scores:
            msg = f'no epoch to choose from: this method is not trained; set select = "{LAST}"'
            raise StudyError(msg)
        return max(self.scores, key=lambda epoch: (self.scores[epoch], -epoch))

    @property
    def model(self) -> Path:
        """The folder of the best epoch's detector."""
        return self._path / f"epoch-{self.epoch}"

    def consider(self, detector: Detector, epoch: int) -> None:
        """Compare the detector as it is after an epoch; call it after each."""
        every = -(-self._epochs // CANDIDATES)
        if epoch in self.scores or (epoch % every and epoch != self._epochs):
            return
        normal, other = (
            detector.predict(images, device=self._device).score for images in self._images
        )
        self.scores[epoch] = mia_metrics.pseudo_auroc(normal, other)
        if self.epoch == epoch:
            detector.save(self.model)
        write_json(self._facts, self.scores)
        for folder in self._path.glob("epoch-*"):
            if folder != self.model:
                shutil.rmtree(folder, ignore_errors=True)

    @property
    def held_out(self) -> int:
        """Number of held-out normal images."""
        return len(self._images[0])
