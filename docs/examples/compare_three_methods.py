"""Compare three methods.

One command runs a study of three methods and two seeds on the phantom, and Python reads its
results. The bars are 95 % intervals for other test images. Where they overlap widely, these images
do not show which method is better.
"""

import subprocess
from pathlib import Path

import mia_bench
from matplotlib.figure import Figure

STUDY = """
seeds = [0, 1]
[datasets.phantom]
[methods.ae]
epochs = 15
options = { batch_size = 16 }
[methods.gaussian-features]
image_size = 128
[methods.synthetic-lesions]
image_size = 128
"""
Path("study.toml").write_text(STUDY)
subprocess.run(["mia-bench", "run", "study.toml", "--out", "results"], check=True)
subprocess.run(["mia-bench", "compare", "synthetic-lesions", "ae", "--out", "results"], check=True)

figure = Figure(figsize=(7, 2.6), layout="constrained")
axis = figure.subplots()
for place, row in enumerate(mia_bench.gather(Path("results"))):
    for run in row.runs:
        low, high = run.record.intervals["auroc"]
        height = place + 0.15 * run.record.settings.seed
        axis.plot([low, high], [height] * 2, color="#3b7ea1", linewidth=2)
        axis.plot(run.record.metrics["auroc"], height, "o", color="#d1495b")
axis.set_yticks(range(3), [row.label for row in mia_bench.gather(Path("results"))])
axis.set(xlabel="AUROC, a line for each seed", xlim=(0.4, 1.02), ylim=(-0.5, 2.7))
axis.axvline(0.5, color="gray", linestyle=":")
figure.savefig("intervals.png")
