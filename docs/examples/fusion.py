"""Fuse two methods.

Each score is replaced by its quantile among held-out normal images, and the two are averaged. This
helps if the two methods make mistakes on different images.
"""

import mia_data
import mia_metrics
import mia_ssl
import numpy as np
from matplotlib.figure import Figure

train = mia_data.phantom("train", size=128).images
test = mia_data.phantom("test", size=128)
held_out, trained_on = train[:64], train[64:]

normal, new = {}, {}
for name in ("gaussian-features", "synthetic-lesions"):
    detector = mia_ssl.build(name, image_size=128).fit(trained_on, seed=0)
    normal[name] = detector.predict(held_out).score  # normal images that were not trained on
    new[name] = detector.predict(test.images).score

fused = mia_metrics.fuse(new, scale="quantile", train_scores=normal)
labels = np.asarray(test.labels)
for name, scores in {**new, "fused": fused}.items():
    interval = mia_metrics.bootstrap_interval(labels, scores, metric="auroc", seed=0)
    print(f"{name:18} AUROC {interval.estimate:.3f} ({interval.low:.3f} to {interval.high:.3f})")

first, second = (mia_metrics.quantile_scale(normal[name], new[name]) for name in new)
figure = Figure(figsize=(4.6, 4.2), layout="constrained")
axis = figure.subplots()
for label, color in enumerate(("#3b7ea1", "#d1495b")):
    of_class = labels == label
    axis.scatter(first[of_class], second[of_class], s=12, color=color)
names = [f"{name}: place among normal images" for name in new]
axis.set(xlabel=names[0], ylabel=names[1], title="normal (blue) and lesion (red)")
figure.savefig("both.png")
