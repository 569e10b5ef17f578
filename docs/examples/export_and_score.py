"""Export a model and score without PyTorch.

A detector becomes a single ONNX file. A script of 77 lines runs it with numpy, Pillow and
onnxruntime alone, and its scores are those of the detector.
"""

import csv
import subprocess
import sys
from pathlib import Path

import mia_bench
import mia_data
import numpy as np
from matplotlib.figure import Figure
from PIL import Image

script = Path(__file__).with_name("score_folder_onnx.py")
for name, images in (
    ("normal", mia_data.phantom("train", n_train=80).images),
    ("new", mia_data.phantom("test", n_normal=20, n_abnormal=20).images),
):
    Path(name).mkdir()
    for number, image in enumerate(images):
        Image.fromarray(image[0]).save(Path(name, f"{number:03}.png"))

mia_bench.fit(images="normal", model="model", method="gaussian-features", image_size=128)
done = mia_bench.export_model("model", "model.onnx")
print(f"{done.bytes / 1e6:.0f} MB, largest difference {done.differences.score:.0e}")

subprocess.run([sys.executable, script, "model.onnx", "new", "scores.csv"], check=True)
mia_bench.score(model="model", images="new", out="results")


def read(path):
    """Read the scores of a table."""
    with Path(path).open(newline="") as file:
        return np.array([float(row["score"]) for row in csv.DictReader(file)])


ours, theirs = read("results/scores.csv"), read("scores.csv")
print(f"{len(theirs)} images, largest difference {np.abs(ours - theirs).max():.4f}")

figure = Figure(figsize=(3.4, 3.2), layout="constrained")
axis = figure.subplots()
axis.plot(ours, theirs, "o", color="#3b7ea1", alpha=0.7)
axis.axline((ours.min(), ours.min()), slope=1, color="gray", linestyle=":")
axis.set(xlabel="score with PyTorch", ylabel="score of the ONNX file")
figure.savefig("scores.png")
