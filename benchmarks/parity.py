"""Training of the reconstruction methods on real images, several seeds each.

    python benchmarks/parity.py run results.jsonl --root FOLDER     # continues where it stopped
    python benchmarks/parity.py table results.jsonl

``docs/parity.md`` has the figures. Some methods train as another does and only score differently
(ae-grad as ae, the vae-* as vae). They are scored with the weights of that training, because the
same seed would give the same weights again. A word after the method's name is an option that is
switched on for scoring, as in the original.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from pathlib import Path

import mia_data
import mia_metrics
import mia_recon
import torch

TRAINED = {
    "ae": ["ae-grad"],
    "ae-ssim": [],
    "vae": [
        *("vae-rec", "vae-combi", "vae-elbo", "vae-kl"),
        *("vae sample_at_test", "vae-rec sample_at_test", "vae-combi sample_at_test"),
        *("vae-elbo sample_at_test",),
    ],
    "aeu": [],
    "ae-l1": [],
    "memae": [],
    "ceae": [],
    "constrained-ae": [],
    "ae-spatial": [],
    "ganomaly": [],
}
# One run of the original code (two seeds where known) on the same files: see study.md.
ORIGINAL = {
    "ae": (0.644, 0.623), "ae-l1": (0.563, 0.542), "ae-ssim": (0.920, 0.923),
    "vae": (0.649, 0.632), "aeu": (0.902, 0.928), "memae": (0.666, 0.662),
    "ceae": (0.711, 0.713), "constrained-ae": (0.458, 0.472), "ae-spatial": (0.351, 0.378),
    "ganomaly": (0.673,), "ae-grad": (0.661,), "vae-rec": (0.574,), "vae-combi": (0.643,),
    "vae-elbo": (0.606,), "vae-kl": (0.510,),
}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run")
    run.add_argument("results", type=Path)
    run.add_argument("--root", required=True)
    run.add_argument("--datasets", default="braintumor,brats2021")
    run.add_argument("--methods", default=",".join(TRAINED))
    run.add_argument("--seeds", default="0,1,2")
    run.add_argument("--epochs", type=int, default=100)
    run.add_argument("--threads", type=int, default=1)
    run.add_argument("--precision", default="32-true")
    commands.add_parser("table").add_argument("results", type=Path)
    arguments = parser.parse_args()
    if arguments.command == "table":
        table(rows_of(arguments.results))
        return
    torch.set_num_threads(arguments.threads)
    for seed in map(int, arguments.seeds.split(",")):
        for dataset in arguments.datasets.split(","):
            for method in arguments.methods.split(","):
                train(arguments, dataset, method, seed)


def train(arguments: argparse.Namespace, dataset: str, method: str, seed: int) -> None:
    """One training, scored by every method that shares it; a finished one is not done again."""
    precision = arguments.precision
    key = {"dataset": dataset, "seed": seed, "epochs": arguments.epochs, "precision": precision}
    done = [row["method"] for row in rows_of(arguments.results) if key.items() <= row.items()]
    wanted = [name for name in (method, *TRAINED.get(method, ())) if name not in done]
    if not wanted:
        return
    size = mia_recon.METHODS[method].image_size
    options = {"root": arguments.root, "size": size, "channels": 1}
    start = time.perf_counter()
    detector = mia_recon.build(method, image_size=size, precision=precision)
    images = mia_data.load(dataset, "train", **options).images
    detector.fit(images, epochs=arguments.epochs, seed=seed)
    seconds = round(time.perf_counter() - start, 1)
    test = mia_data.load(dataset, "test", **options)
    lines = [
        {**key, "method": name, "seconds": seconds, **scores(with_weights(name, detector), test)}
        for name in wanted
    ]
    with arguments.results.open("a") as file:
        file.writelines(json.dumps(line) + "\n" for line in lines)


def with_weights(label: str, detector: mia_recon.ReconstructionDetector):
    name, *switched_on = label.split()
    options = dict.fromkeys(switched_on, True)
    other = mia_recon.build(name, image_size=detector.image_size, **options)
    other.network.load_state_dict(detector.network.state_dict())
    return other


def scores(detector: mia_recon.ReconstructionDetector, test: mia_data.ImageSet) -> dict[str, float]:
    prediction = detector.predict(test.images)
    result = dict(mia_metrics.image_metrics(test.labels, prediction.score))
    if test.masks is not None and prediction.map is not None:
        result |= mia_metrics.pixel_metrics(test.masks, prediction.map, aupro=False)
    return {name: round(float(value), 5) for name, value in result.items()}


def rows_of(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def table(rows: list[dict]) -> None:
    """Mean and standard deviation over the seeds, as Markdown."""
    for dataset in dict.fromkeys(row["dataset"] for row in rows):
        metrics = ["auroc", "pixel_ap", "best_dice"] if "brats" in dataset else ["auroc", "ap"]
        print(f"\n{dataset}\n\n| method | seeds | {' | '.join(metrics)} | original AUROC |")
        print("|---|---|" + "---|" * (len(metrics) + 1))
        for method in dict.fromkeys(row["method"] for row in rows):
            runs = [r for r in rows if (r["dataset"], r["method"]) == (dataset, method)]
            if not runs:
                continue
            cells = [spread([run[m] for run in runs if m in run]) for m in metrics]
            original = ORIGINAL.get(method.split()[0], ()) if dataset == "braintumor" else ()
            cells.append(" / ".join(f"{value:.3f}" for value in original) or "-")
            print(f"| {method} | {len(runs)} | {' | '.join(cells)} |")


def spread(values: list[float]) -> str:
    if not values:
        return "-"
    deviation = f" ± {statistics.stdev(values):.3f}" if len(values) > 1 else ""
    return f"{statistics.mean(values):.3f}{deviation}"


if __name__ == "__main__":
    main()
