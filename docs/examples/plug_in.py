"""Plug a method in.

This file is a method: the distance from the mean normal image. Two small text files register it, as
`pip install` does for your package. `mia-bench` then compares it with other methods by its name.
"""

import os
import subprocess
from pathlib import Path
from types import SimpleNamespace

import mia_bench
import numpy as np
from matplotlib.figure import Figure

NAME = "mean-image"
FACTS = {"family": "reconstruction", "summary": "distance from the mean", "paper": "none"}
FACTS |= {"image_size": 64, "channels": 1, "epochs": 1, "has_map": True, "resize": "squash"}
METHODS = {NAME: SimpleNamespace(name=NAME, **FACTS)}


class MeanImage:
    def fit(self, images, *, epochs=None, seed=0, device="auto", on_epoch=None):
        self.mean, self.spread = np.mean(images, axis=0), np.std(images, axis=0) + 1
        return self

    def predict(self, images, *, device="auto"):
        maps = (np.abs(images - self.mean) / self.spread).mean(1).astype(np.float32)
        return SimpleNamespace(score=maps.mean((1, 2)), map=maps)

    def save(self, path):
        Path(path).mkdir(parents=True, exist_ok=True)
        np.save(Path(path, "normal.npy"), np.stack([self.mean, self.spread]))

    @classmethod
    def load(cls, path):
        detector = cls()
        detector.mean, detector.spread = np.load(Path(path, "normal.npy"))
        return detector


def build(name, *, in_channels=1, image_size=None):
    return MeanImage()


load = MeanImage.load

if __name__ == "__main__":
    (home := Path("my_package-1.0.dist-info")).mkdir()
    (home / "METADATA").write_text("Metadata-Version: 2.1\nName: my-package\nVersion: 1.0\n")
    (home / "entry_points.txt").write_text("[mia.detectors]\nmy-package = plug_in\n")
    where = {**os.environ, "PYTHONPATH": f".{os.pathsep}{Path(__file__).parent}"}
    study = f"--methods {NAME},subspace --datasets phantom --out results".split()
    subprocess.run(["mia-bench", "run", *study], check=True, env=where)
    figure = Figure(figsize=(4, 2), layout="constrained")
    for row in mia_bench.gather(Path("results")):
        figure.gca().barh(row.label, row.means["auroc"])
    figure.savefig("two-methods.png")
