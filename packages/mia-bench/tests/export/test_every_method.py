"""The graph of every method of ours gives its scores in onnxruntime, or the method says why not."""

from __future__ import annotations

import mia_recon
import mia_ssl
import numpy as np
import pytest
import torch
import torchvision
from mia_bench.export.compare import TOLERANCE, compare
from mia_bench.export.graph import ScoringGraph
from mia_bench.export.write import to_onnx, write_onnx
from mia_bench.inference.normal_scores import Origin, measure_normal_scores
from mia_bench.testing.case import draw_disks

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

METHODS = {**mia_recon.METHODS, **mia_ssl.METHODS}
REFUSED = {"ae-grad", "vae-elbo", "vae-kl", "vae-rec", "vae-combi"}
REFUSED |= {"anoddpm", "anoddpm-simplex", "autoddpm"}
# Moments, mirrored borders, a memory, two networks on one batch.
QUICK = {"ae-ssim", "dae", "memae", "recontrast"}
LITE = {"backbone": "efficientnet-lite0"}
SMALL = {
    "reconstruction": {"width": 4, "hidden": 16},
    "one-stage": {},
    "two-stage": {"steps_per_epoch": 1},
    "features": {},
    "adapted": LITE,
    "synthetic-lesions": {"steps": 2},
    "dae": {"filters": 8, "depth": 3},
    "fae-mse": {**LITE, "depth": 2, "steps_per_epoch": 1},
    "fae-ssim": {**LITE, "depth": 2, "steps_per_epoch": 1},
    "anoddpm": {"width": 32, "depth": 2, "ddim_steps": 2},
    "anoddpm-simplex": {"width": 32, "depth": 2, "ddim_steps": 2},
    "autoddpm": {"width": 32, "depth": 2, "attention": 1, "ddim_steps": 2, "resamplings": 1},
    "rd": {**LITE, "steps_per_epoch": 1},
    "rd++": {**LITE, "steps_per_epoch": 1},
    "recontrast": {**LITE, "steps_per_epoch": 1},
    "f-anogan": {"width": 8, "steps_per_epoch": 1},
    "ae-perceptual": {**LITE, "width": 4, "hidden": 16},
}
OTHERS = {  # further ways to score
    "kernel": ("cutpaste-2stage", {"density": "kernel"}),
    "neighbors": ("cutpaste-2stage", {"density": "neighbors", "k": 2}),
    "classifier": ("cutpaste-2stage", {"density": "classifier"}),
    "map": ("cutpaste-2stage", {"with_map": True}),
    "knn": ("msc", {"scoring": "knn"}),
    "mean": ("rd", {"score": "mean", "smoothing": 0.0}),
    "many-channels": ("patchcore", {"channels": 64}),
    "running": ("ganomaly", {"bn_mode": "running"}),
    "pad": ("ae-ssim", {"map_border": "pad"}),
}


def fitted(name: str, folder, **options):
    """Return a small detector, trained for one step or so."""
    info = METHODS[name]
    small = SMALL.get(name) or SMALL[info.family]
    if name == "resnet18-imagenet":
        torch.save(torchvision.models.resnet18().state_dict(), folder / "weights.pt")
        small = {"weights": str(folder / "weights.pt")}
    package = mia_ssl if name in mia_ssl.METHODS else mia_recon
    settings = {"in_channels": info.channels, "image_size": 64, "batch_size": 8}
    detector = package.build(name, **settings, **{**small, **options})
    train = draw_disks(12, info.channels, 64, seed=0)
    return detector.fit(train, epochs=min(info.epochs, 1), device="cpu"), train


def check(name: str, folder, **options) -> None:
    """Export a detector and compare it on other images."""
    detector, train = fitted(name, folder, **options)
    if name in REFUSED:
        with pytest.raises(ValueError, match=r"is a gradient|calls its network 2 times"):
            detector.scoring_module()
        return
    normals = measure_normal_scores(detector, train, origin=Origin.TRAINING, device="cpu")
    threshold = float(np.median(normals.scores))
    graph = ScoringGraph(detector.scoring_module(), normals.scores, threshold)
    proto = to_onnx(graph, torch.from_numpy(train[:2]), has_map=bool(normals.pixels))
    path = folder / "model.onnx"
    write_onnx(proto, path, {"mia.version": "0"})
    test = draw_disks(7, METHODS[name].channels, 64, seed=1)
    found = compare(path, detector, test, normals, threshold)
    assert found.score <= TOLERANCE
    assert (found.map is None) == (not detector.info.has_map)


@pytest.mark.parametrize(
    "name",
    [pytest.param(n, marks=[] if n in QUICK else pytest.mark.slow) for n in METHODS],
)
def test_the_graph_gives_the_scores(name, tmp_path):
    check(name, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("case", OTHERS)
def test_the_graph_of_an_option_gives_the_scores(case, tmp_path):
    name, options = OTHERS[case]
    check(name, tmp_path, **options)
