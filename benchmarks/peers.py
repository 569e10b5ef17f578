"""padim and patchcore compared with those of anomalib, on the same network, weights and images.

    pip install anomalib
    python benchmarks/peers.py --root FOLDER [--sets LGG,brats2021] [--methods padim,patchcore]
                               [--count 100] [--threads 1]

Prints rows of a Markdown table: AUROC, AP and pixel AP, processor seconds and peak memory. Both
sides use EfficientNet-Lite0 with the same weights, and its features are compared first. Both get
the same ``count`` normal images in batches of 16. (anomalib's coreset looks at all of their
patches: it takes eight minutes for 100 images and hours for 1000.) anomalib has its own settings:
stages 1 to 3 and 100 channels for padim; stages 2 and 3, a tenth of the patches and nine neighbors
for patchcore. Ours has its defaults. Each row is measured in its own process.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import resource
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import mia_data
import mia_metrics
import mia_ssl
import numpy as np
import torch
from mia_ssl._engine.backbones import Backbone

NETWORK = "tf_efficientnet_lite0"
STAGES = {"padim": [1, 2, 3], "patchcore": [2, 3]}
BATCH = 16


def read(name: str, split: str, root: Path) -> mia_data.ImageSet:
    """Read a set in gray, of 224 x 224 pixels."""
    if name in mia_data.names():
        return mia_data.load(name, split, root=root, size=224, channels=1)
    return mia_data.from_folder(root / name, split, size=224, channels=1)


def batches(images: np.ndarray) -> list[torch.Tensor]:
    """Return batches as the network was trained: [B, 3, H, W] from -1 to 1."""
    parts = (images[start : start + BATCH] for start in range(0, len(images), BATCH))
    return [torch.from_numpy(np.array(part)).float().div(127.5).sub(1) for part in parts]


def fill(model: Any, stages: list[int]) -> None:
    """Give anomalib's network our weights, and check that the features are the same."""
    backbone = Backbone("efficientnet-lite0")
    network = model.feature_extractor.feature_extractor
    ours = list(backbone.read().state_dict().values())
    # Ours has the stages in another grouping, but the layers in the same order.
    theirs = list(network.state_dict())
    network.load_state_dict(dict(zip(theirs, ours, strict=False)))
    images = torch.rand(2, 1, 224, 224)
    with torch.inference_mode():
        expected = backbone(images, stages)
        found = model.feature_extractor(images.expand(-1, 3, -1, -1).mul(2).sub(1)).values()
    for a, b in zip(expected, found, strict=True):
        torch.testing.assert_close(b, a, rtol=1e-4, atol=1e-4)


def anomalib_model(method: str) -> Any:
    """Return anomalib's model with its own settings."""
    if method == "padim":
        from anomalib.models.image.padim.torch_model import PadimModel

        model = PadimModel(NETWORK, STAGES[method], pre_trained=False, n_features=100)
    else:
        from anomalib.models.image.patchcore.torch_model import PatchcoreModel

        model = PatchcoreModel(STAGES[method], NETWORK, pre_trained=False)
    fill(model, STAGES[method])
    return model


def fit_anomalib(model: Any, method: str, images: np.ndarray) -> None:
    """Show the normal images to anomalib's model."""
    model.train()
    model.feature_extractor.eval()
    for batch in batches(images):
        model(batch.expand(-1, 3, -1, -1))
    if method == "padim":
        model.fit()
    else:
        model.subsample_embedding(0.1)


def predict_anomalib(model: Any, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return anomalib's scores and maps."""
    model.eval()
    with torch.inference_mode():
        found = [model(batch.expand(-1, 3, -1, -1)) for batch in batches(images)]
    scores, maps = ([getattr(each, k) for each in found] for k in ("pred_score", "anomaly_map"))
    return torch.cat(scores).flatten().numpy(), torch.cat(maps)[:, 0].numpy()


def measure(name: str, method: str, library: str, given: argparse.Namespace) -> str:
    """Fit and score one side, and return its row of the table."""
    torch.set_num_threads(given.threads)
    torch.manual_seed(given.seed)
    train, test = (read(name, split, given.root) for split in ("train", "test"))
    chosen = np.random.default_rng(given.seed).permutation(len(train))[: given.count]
    images = np.asarray(train.images[np.sort(chosen)])
    if library == "anomalib":
        model = anomalib_model(method)
        start = time.process_time()
        fit_anomalib(model, method, images)
        fitted = time.process_time()
        scores, maps = predict_anomalib(model, test.images)
    else:
        detector = mia_ssl.build(method, in_channels=1)
        start = time.process_time()
        detector.fit(images, seed=given.seed, device="cpu")
        fitted = time.process_time()
        found = detector.predict(test.images, device="cpu")
        scores, maps = found.score, found.map
    seconds = (fitted - start, time.process_time() - fitted)
    values = [mia_metrics.auroc(test.labels, scores)]
    values.append(mia_metrics.average_precision(test.labels, scores))
    cells = [name, method, library, *(f"{value:.3f}" for value in values)]
    cells.append("" if test.masks is None else f"{mia_metrics.pixel_ap(test.masks, maps):.3f}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9
    cells += [*(f"{each:.0f}" for each in seconds), f"{peak:.1f}"]
    return f"| {' | '.join(cells)} |"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--sets", default="braintumor,ChestXray,LGG,brats2021")
    parser.add_argument("--methods", default="padim,patchcore")
    parser.add_argument("--count", type=int, default=100, help="normal images to fit to")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    given = parser.parse_args()
    os.environ["TQDM_DISABLE"] = "1"  # of anomalib's coreset
    print("| set | method | library | AUROC | AP | pixel AP | fit s | score s | memory, GB |")
    print("|---|---|---|---|---|---|---|---|---|", flush=True)
    spawn = multiprocessing.get_context("spawn")
    for name in given.sets.split(","):
        for method in given.methods.split(","):
            for library in ("anomalib", "mia-ssl"):
                with ProcessPoolExecutor(1, mp_context=spawn) as pool:
                    print(pool.submit(measure, name, method, library, given).result(), flush=True)


if __name__ == "__main__":
    main()
