"""Train on a folder of normal images.

Normal images are in one folder, new ones in another. `fit` holds out some normal images, to flag
5 % of new normal images. `score` writes a table, heatmaps and a page.
"""

import csv
from pathlib import Path

import mia_bench
import mia_data
import numpy as np
from matplotlib.figure import Figure
from PIL import Image

# Stand-ins for your images: drawn slices, 200 normal ones and 24 new ones.
for folder, images in {
    "normal": mia_data.phantom("train", size=128, n_train=200).images,
    "new": mia_data.phantom("test", size=128, n_normal=12, n_abnormal=12).images,
}.items():
    Path(folder).mkdir()
    for number, image in enumerate(images):
        Image.fromarray(np.asarray(image[0])).save(f"{folder}/{number:03}.png")

mia_bench.fit(images="normal", model="model", image_size=128)
summary = mia_bench.score(model="model", images="new", out="results")
print(f"{summary.flagged} of {summary.images} images are flagged; 12 of them have a lesion")

with Path("results/scores.csv").open(newline="") as file:
    rows = sorted(csv.DictReader(file), key=lambda row: -float(row["score"]))
for row in rows[:3]:
    print(row["file"], row["score"], "above", row["quantile"], "of normal images")

figure = Figure(figsize=(8, 2.3), layout="constrained")
for axis, row in zip(figure.subplots(1, 4), rows, strict=False):
    axis.imshow(Image.open(f"results/heatmaps/{row['file']}.png"))
    axis.set(title=row["file"], xticks=[], yticks=[])
figure.savefig("heatmaps.png")
