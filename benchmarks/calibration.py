"""Share of new normal images that a threshold flags, compared with the rate it was chosen for.

    python benchmarks/calibration.py --root ~/MedIAnomaly-Data [--sets phantom,BrainTumor,...]

``docs/own-images.md`` has the figures. The sets are the phantom, the study's braintumor (json
layout), and folders with train/normal and test/normal. New images are the normal test images that
are no near-duplicate of a training image, and only one of each group of near-duplicates. The
interval is that of chance alone: beta-binomial, over calibration and test images, with the groups
of calibration images counted once.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import mia_bench
import mia_data
import mia_metrics
import numpy as np
from mia_bench.inference.image_groups import group_images
from mia_bench.inference.normal_scores import Origin, measure_normal_scores
from mia_bench.inference.normal_split import CROSS_VALIDATED
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mia_bench.inference.model_folder import Model
    from mia_bench.inference.normal_scores import NormalScores

RATES = (0.05, 0.1)
THUMBNAIL = 64  # px, at which near-duplicates are looked for
PATIENT = re.compile(r"patient\d+")  # in the names of LGG
METHODS = {
    "ae": {"image_size": 64, "epochs": 15, "options": {"batch_size": 32}},
    "gaussian-features": {"image_size": 64},
}


@dataclass(frozen=True)
class Set:
    """Folders of the training images and of the normal test images of a set."""

    name: str
    train: Path
    test: Path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root", type=Path, default=mia_data.data_root())
    parser.add_argument("--sets", default="phantom,BrainTumor,ChestXray,LGG")
    parser.add_argument("--methods", default=",".join(METHODS))
    parser.add_argument("--device", default="cpu")
    given = parser.parse_args()
    print("set | method | thresholds from | images (groups) | new | " + rates_in_words())
    with tempfile.TemporaryDirectory() as scratch:
        for name in given.sets.split(","):
            images = lay_out(name, given.root, Path(scratch) / name)
            for method in given.methods.split(","):
                for row in measure(images, method, Path(scratch) / "model", given.device):
                    print(" | ".join([name, method, *row]), flush=True)


def rates_in_words() -> str:
    return " | ".join(f"flagged at {rate:g} | by chance" for rate in RATES)


def lay_out(name: str, root: Path, target: Path) -> Set:
    """Return the folders of a set; those of a set in another layout are written."""
    if name == "phantom":
        for split in ("train", "test"):
            drawn = mia_data.load("phantom", split, size=128)
            (target / split).mkdir(parents=True)
            for i in np.flatnonzero(drawn.labels == 0):
                Image.fromarray(drawn.images[i, 0]).save(target / split / f"{i:04}.png")
        return Set(name, target / "train", target / "test")
    table = root / name / "data.json"
    if table.is_file():
        for split, classes in json.loads(table.read_text(encoding="utf-8")).items():
            (target / split).mkdir(parents=True)
            for file in classes["0"]:
                shutil.copyfile(root / name / "images" / file, target / split / file)
        return Set(name, target / "train", target / "test")
    return Set(name, root / name / "train" / "normal", root / name / "test" / "normal")


def measure(images: Set, method: str, folder: Path, device: str) -> Iterator[list[str]]:
    """Fit with and without held-out images; yield the table's rows."""
    settings = {"method": method, "device": device, **METHODS[method]}
    new = new_images(images)

    def fit(**options: object) -> Model:
        return mia_bench.fit(images=images.train, model=folder, **settings, **options)

    ways: dict[str, Callable[[], Model]] = {"": fit}
    if images.name == "LGG":
        ways["of other patients"] = lambda: fit(patients=lambda name: PATIENT.search(name)[0])
    for what, make in ways.items():
        model = make()
        groups = calibration_groups(images, model, by_patient=bool(what))
        scores = model.normal_scores
        yield row(f"{scores.name} {what}".rstrip(), scores, groups, score_new(model, new, device))
    if model.split.rule != CROSS_VALIDATED:  # the model has not seen all images yet
        model = fit(holdout=None)
    whole = read(model, images.train)
    known = measure_normal_scores(
        model.detector(), whole.images, origin=Origin.TRAINING, device=device
    )
    yield row("training images (--no-holdout)", known, None, score_new(model, new, device))


def new_images(images: Set) -> tuple[Path, np.ndarray]:
    """Return the folder of the normal test images, and the indices of those that are new."""
    train, test = (mia_data.from_folder(f, size=THUMBNAIL) for f in (images.train, images.test))
    groups = group_images(np.concatenate([train.images, test.images]))
    first = np.unique(groups, return_index=True)[1]
    return images.test, first[first >= len(train)] - len(train)


def calibration_groups(images: Set, model: Model, *, by_patient: bool) -> int:
    """Return the number of groups among the images that give the thresholds."""
    whole = read(model, images.train)
    patients = [PATIENT.search(name)[0] for name in whole.ids] if by_patient else None
    groups = group_images(whole.images, patients)
    is_cross_validated = model.split.rule == CROSS_VALIDATED
    return len(set((groups if is_cross_validated else groups[model.split.held_out]).tolist()))


def read(model: Model, folder: Path) -> mia_data.ImageSet:
    """Read images as the model sees them."""
    how = replace(model.preprocessing, window=None)
    return mia_data.from_folder(folder, size=how.size, channels=how.channels, resize=how.resize)


def score_new(model: Model, new: tuple[Path, np.ndarray], device: str) -> np.ndarray:
    """Score the new normal images: float32 (N,)."""
    folder, indices = new
    images = np.asarray(read(model, folder).images[indices])
    return model.detector().predict(images, device=device).score


def row(name: str, scores: NormalScores, groups: int | None, new: np.ndarray) -> list[str]:
    """Return the cells of a row; without groups nothing is promised, so there is no interval."""
    counts = f"{len(scores.scores)}" + ("" if groups is None else f" ({groups})")
    cells = [name, counts, str(len(new))]
    for rate in RATES:
        flagged = (new >= np.float32(scores.threshold(rate))).mean()
        chance = "-"
        if groups is not None:
            share = mia_metrics.flagged_share(groups, len(new), fpr=rate)
            chance = f"{share.low:.3f} to {share.high:.3f}"
        cells += [f"{flagged:.3f}", chance]
    return cells


if __name__ == "__main__":
    main()
