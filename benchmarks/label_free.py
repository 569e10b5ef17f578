"""Agreement of choices without labels with the AUROC, over a training's epochs and over methods.

    python benchmarks/label_free.py --root FOLDER --out label-free.jsonl
                                    [--sets LGG,ChestXray] [--methods ae,aeu] [--seed 0]
    python benchmarks/label_free.py --tables label-free.jsonl

The first form trains each method without a tenth of the normal images and writes a line for each
set and method. A line has three figures at up to 25 epochs: the pseudo-AUROC (held-out normal
images against all test images), the synthetic AUROC (held-out images against copies of themselves
with anomalies pasted in) and the AUROC of the test labels, which decides nothing. Lines that are
already there are kept. Methods in the table have fewer epochs than their defaults. The second form
prints the tables of ``docs/detection.md``.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import mia_data
import mia_metrics
import mia_recon
import mia_ssl
import numpy as np
import torch
from mia_bench.detectors import epoch_selection
from scipy.stats import spearmanr

SETS = "LGG,brats2021,ChestXray,braintumor"
# Epochs of each method; those of frozen features have no choice of an epoch.
EPOCHS = {
    "synthetic-lesions": 4,
    "gaussian-features": 0,
    "subspace": 0,
    "nearest-features": 0,
    "ae": 100,
    "ae-ssim": 100,
    "vae": 100,
    "aeu": 100,
}
DEFAULT = "synthetic-lesions"
RULES = (epoch_selection.PSEUDO, epoch_selection.SYNTHETIC)


def read(name: str, split: str, root: Path, info: Any) -> mia_data.ImageSet:
    """Read a set as the method sees it, in gray."""
    how = {"size": info.image_size, "resize": info.resize, "resample": info.resample}
    if name in mia_data.names():
        return mia_data.load(name, split, root=root, channels=1, **how)
    return mia_data.from_folder(root / name, split, channels=1, **how)


def measure(name: str, method: str, root: Path, seed: int) -> dict[str, Any]:
    """Train one method on one set; return the three figures of each epoch looked at."""
    package = mia_ssl if method in mia_ssl.METHODS else mia_recon
    info = package.METHODS[method]
    train, test = (read(name, split, root, info) for split in ("train", "test"))
    parts = epoch_selection.split(train.images, seed)
    synthetic = epoch_selection.contrast(
        epoch_selection.SYNTHETIC, parts.held_out, test.images, seed
    )
    detector = package.build(method, in_channels=1)
    epochs = EPOCHS[method]
    every = -(-epochs // epoch_selection.CANDIDATES)
    rows: list[list[float]] = []

    def look(epoch: int) -> None:
        normal, new, pasted = (
            detector.predict(images, device="cpu").score
            for images in (parts.held_out, test.images, synthetic)
        )
        figures = (
            mia_metrics.pseudo_auroc(normal, new),
            mia_metrics.pseudo_auroc(normal, pasted),
            mia_metrics.auroc(test.labels, new),
        )
        rows.append([epoch, *(round(figure, 4) for figure in figures)])

    def after_epoch(state: Any) -> None:
        if state.epoch % every == 0 or state.epoch == epochs:
            look(state.epoch)

    trained = info.family != "features"
    detector.fit(
        parts.kept,
        epochs=epochs,
        seed=seed,
        device="cpu",
        on_epoch=after_epoch if trained else None,
    )
    if not trained:
        look(epochs)
    return {"set": name, "method": method, "seed": seed, "rows": rows}


def epochs_table(lines: list[dict[str, Any]]) -> None:
    """Print, for each training, whether its epochs are ranked as the test labels rank them."""
    print(
        "| set | method | last | best | pseudo: rank corr. | gain | synthetic: rank corr. | gain |"
    )
    print("|---|---|---|---|---|---|---|---|")
    gains: list[list[float]] = []
    for line in lines:
        rows = np.array(line["rows"])
        if len(rows) < 3:
            continue
        auroc = rows[:, 3]
        cells = [line["set"], line["method"], f"{auroc[-1]:.3f}", f"{auroc.max():.3f}"]
        gains.append([])
        for column in (1, 2):
            gain = auroc[rows[:, column].argmax()] - auroc[-1]
            gains[-1].append(gain)
            cells += [f"{spearmanr(rows[:, column], auroc)[0]:+.2f}", f"{gain:+.3f}"]
        print(f"| {' | '.join(cells)} |")
    for rule, gain in zip(RULES, np.transpose(gains), strict=True):
        better, worse = (gain > 0.005).sum(), (gain < -0.005).sum()
        print(
            f"\n{rule}: mean gain {gain.mean():+.3f}; better {better}, worse {worse} of {len(gain)}"
        )


def methods_table(lines: list[dict[str, Any]]) -> None:
    """Print, for each set, which method a rule chooses among all of them, and what that gives."""
    print(
        "\n| set | best | default | pseudo: chosen | rank corr. | synthetic: chosen | rank corr. |"
    )
    print("|---|---|---|---|---|---|---|")
    found: list[list[float]] = []
    for name in dict.fromkeys(line["set"] for line in lines):
        of_set = [line for line in lines if line["set"] == name]
        methods = [line["method"] for line in of_set]
        last = np.array([line["rows"][-1] for line in of_set])
        auroc = last[:, 3]
        default = auroc[methods.index(DEFAULT)]
        best = auroc.argmax()
        cells = [name, f"{methods[best]} {auroc[best]:.3f}", f"{default:.3f}"]
        found.append([auroc[best], default])
        for column in (1, 2):
            chosen = last[:, column].argmax()
            found[-1].append(auroc[chosen])
            correlation = spearmanr(last[:, column], auroc)[0]
            cells += [f"{methods[chosen]} {auroc[chosen]:.3f}", f"{correlation:+.2f}"]
        print(f"| {' | '.join(cells)} |")
    best, default, pseudo, synthetic = np.mean(found, axis=0)
    print(f"| mean | {best:.3f} | {default:.3f} | {pseudo:.3f} | | {synthetic:.3f} | |")


def main() -> None:
    """Measure what is missing, or print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root", type=Path)
    parser.add_argument("--out", type=Path, default=Path("label-free.jsonl"))
    parser.add_argument("--tables", type=Path, help="print the tables of a finished file")
    parser.add_argument("--sets", default=SETS)
    parser.add_argument("--methods", default=",".join(EPOCHS))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    given = parser.parse_args()
    if given.tables:
        lines = [json.loads(text) for text in given.tables.read_text().splitlines()]
        epochs_table(lines)
        methods_table(lines)
        return
    if given.root is None:
        parser.error("expected --root FOLDER or --tables FILE")
    torch.set_num_threads(given.threads)
    known = given.out.read_text().splitlines() if given.out.exists() else []
    done = {(line["set"], line["method"], line["seed"]) for line in map(json.loads, known)}
    for name in given.sets.split(","):
        for method in given.methods.split(","):
            if (name, method, given.seed) not in done:
                with given.out.open("a") as file:
                    line = measure(name, method, given.root, given.seed)
                    file.write(json.dumps(line) + "\n")
                print(name, method, line["rows"][-1], flush=True)


if __name__ == "__main__":
    main()
