"""Plug a method in.

This file is a method: the distance from the mean normal image. Two small text files register it, as
`pip install` of your package does; then `mia-bench` compares it with the others by its name.
"""

import os
import subprocess
from pathlib import Path
from types import SimpleNamespace

import numpy as np

NAME = "mean-image"
FACTS = {"family": "reconstruction", "summary": "distance from the mean", "paper": "none"}
FACTS |= {"image_size": 64, "channels": 1, "epochs": 1, "has_map": True, "resize": "squash"}
METHODS = {NAME: SimpleNamespace(name=NAME, **FACTS)}


class MeanImage:
    def fit(self, images, *, epochs=None, seed=0, device="auto", on_epoch=None):
        pixels = np.stack([np.asarray(image, float) for image in images])
        self.mean, self.spread = pixels.mean(0), pixels.std(0) + 1
        return self

    def predict(self, images, *, device="auto"):
        pixels = np.stack([np.asarray(image, float) for image in images])
        maps = np.abs((pixels - self.mean) / self.spread).mean(1).astype(np.float32)
        return SimpleNamespace(score=maps.mean((1, 2)), map=maps)

    def save(self, path):
        Path(path).mkdir(parents=True, exist_ok=True)
        np.save(Path(path, "mean.npy"), np.stack([self.mean, self.spread]))

    @classmethod
    def load(cls, path):
        detector = cls()
        detector.mean, detector.spread = np.load(Path(path, "mean.npy"))
        return detector


def build(name, *, in_channels=1, image_size=None):
    return MeanImage()


load = MeanImage.load

if __name__ == "__main__":
    home = Path("my_package-1.0.dist-info")
    home.mkdir()
    Path(home, "METADATA").write_text("Metadata-Version: 2.1\nName: my-package\nVersion: 1.0\n")
    Path(home, "entry_points.txt").write_text("[mia.detectors]\nmy-package = plug_in\n")
    where = {**os.environ, "PYTHONPATH": f".{os.pathsep}{Path(__file__).parent}"}
    methods = ["--methods", f"{NAME},subspace", "--datasets", "phantom", "--out", "results"]
    subprocess.run(["mia-bench", "run", *methods], check=True, env=where)
    with np.load("results/phantom/mean-image/seed-0/gallery.npz") as gallery:
        print(sorted(gallery))
