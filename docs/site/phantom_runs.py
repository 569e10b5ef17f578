"""Short trainings of every method on the phantom: what the pictures of the methods show.

They take seconds on a processor and say nothing about how good a method is.
"""

from __future__ import annotations

import json
import os
import time
import warnings
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from places import CACHE, digest, source

# The backbone whose weights are a package, for methods whose own need a download.
_LITE = {"backbone": "efficientnet-lite0"}
_ONE_STAGE = {"image_size": 96, "width_offset": 0.1, "batch_size": 8, "epochs": 5}
_TWO_STAGE = {"image_size": 96, "steps_per_epoch": 25, "batch_size": 8, "epochs": 1}
_DIFFUSION = {
    "image_size": 32,
    "width": 32,
    "attention": 1,
    "ddim_steps": 10,
    "learning_rate": 1e-3,
    "epochs": 5,
}
# Family or method -> settings of the short training; a method's come after its family's.
_SETTINGS: dict[str, dict[str, Any]] = {
    "reconstruction": {"image_size": 64, "batch_size": 16, "epochs": 15},
    "one-stage": _ONE_STAGE,
    "two-stage": _TWO_STAGE,
    "features": {"image_size": 128},
    "adapted": {"image_size": 96, "batch_size": 16, "epochs": 1, **_LITE},
    "ae-perceptual": {**_LITE, "epochs": 6},
    "dae": {"filters": 16, "epochs": 4},
    "fae-mse": {**_LITE, "image_size": 64, "steps_per_epoch": 50, "epochs": 2},
    "fae-ssim": {**_LITE, "image_size": 64, "steps_per_epoch": 50, "epochs": 2},
    "anoddpm": _DIFFUSION,
    "anoddpm-simplex": _DIFFUSION,
    "autoddpm": _DIFFUSION,
    "rd": {**_LITE, "image_size": 64, "epochs": 5},
    "rd++": {**_LITE, "image_size": 64, "epochs": 5},
    "recontrast": {**_LITE, "image_size": 64, "steps_per_epoch": 30, "epochs": 1},
    "f-anogan": {"width": 16, "steps_per_epoch": 60, "epochs": 2},
}
_TRAIN, _EACH_CLASS, _FEWER = 256, 32, 64
_SHOWN = 4
_SETTINGS_FILE = Path(__file__)


@dataclass(frozen=True)
class PhantomRun:
    """A short training on the phantom.

    Attributes:
        settings: What differed from the method's defaults.
        auroc: Of 32 normal and 32 abnormal images.
        pixel_ap: Of their maps, None without maps.
        fit_seconds: Processor time of the training, on one thread.
        score_milliseconds: Processor time to score one image.
        train_images: Number of training images.
        scores: Of the test images, normal ones first.
    """

    settings: dict[str, Any]
    auroc: float
    pixel_ap: float | None
    fit_seconds: float
    score_milliseconds: float
    train_images: int
    scores: list[float]


def run_all(methods: list[Any]) -> dict[str, Path]:
    """Return the folder of each method's run; runs of unchanged code are not done again.

    A method whose weights cannot be had without a download is left out.
    """
    folders, missing = {}, []
    for info in methods:
        if (
            info.weights
            and info.weights.startswith("torchvision")
            and not _settings(info).get("backbone")
        ):
            continue
        package = "mia-recon" if info.family == "reconstruction" else "mia-ssl"
        key = digest(source(package), source("mia-data") / "phantoms", _SETTINGS_FILE)
        folders[info.name] = folder = CACHE / "methods" / f"{info.name}-{key}"
        if not (folder / "run.json").is_file():
            missing.append(info.name)
    workers = int(os.environ.get("MIA_DOCS_JOBS", os.cpu_count() or 1))
    with ProcessPoolExecutor(max_workers=workers) as pool:
        jobs = {pool.submit(_run, name, folders[name]): name for name in missing}
        for number, job in enumerate(as_completed(jobs), 1):
            print(f"{number}/{len(jobs)} {jobs[job]}: {job.result():.0f} s", flush=True)
    return folders


def read_run(folder: Path) -> PhantomRun:
    """Return what ``run_all`` measured."""
    return PhantomRun(**json.loads((folder / "run.json").read_text(encoding="utf-8")))


def _settings(info: Any) -> dict[str, Any]:
    return {**_SETTINGS[info.family], **_SETTINGS.get(info.name, {})}


def _run(name: str, folder: Path) -> float:
    """Train and score one method; write run.json and the shown images, maps and pastes."""
    started = time.perf_counter()
    import mia_data
    import mia_metrics
    import mia_recon
    import mia_ssl
    import torch

    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    package: Any = mia_recon if name in mia_recon.METHODS else mia_ssl
    info = package.METHODS[name]
    settings = _settings(info)
    size, channels = settings["image_size"], info.channels
    count = _TRAIN if info.family in ("reconstruction", "features") else _FEWER
    train = mia_data.phantom("train", size=size, channels=channels, n_train=count).images
    test = mia_data.phantom(
        "test", size=size, channels=channels, n_normal=_EACH_CLASS, n_abnormal=_EACH_CLASS
    )
    detector = package.build(name, in_channels=channels, **settings)
    begun = time.process_time()
    detector.fit(train, seed=0, device="cpu")
    fitted = time.process_time()
    score, maps = detector.predict(test.images, device="cpu")
    scored = time.process_time()
    shown = shown_images(np.asarray(test.masks))
    arrays = {"images": np.asarray(test.images[shown])[:, 0], "masks": test.masks[shown]}
    if maps is not None:
        arrays["maps"] = maps[shown]
    if info.family in ("one-stage", "two-stage") and name != "resnet18-imagenet":
        options = {key: settings[key] for key in ("width_offset",) if key in settings}
        pasted, label = mia_ssl.synthesize(name, train[:_SHOWN], seed=3, **options)
        arrays |= {"pasted": pasted.numpy()[-_SHOWN:, 0], "label": label.numpy()[-_SHOWN:, 0]}
    run = PhantomRun(
        settings=settings,
        auroc=float(mia_metrics.auroc(test.labels, score)),
        pixel_ap=None if maps is None else float(mia_metrics.pixel_ap(test.masks, maps)),
        fit_seconds=fitted - begun,
        score_milliseconds=1000 * (scored - fitted) / len(score),
        train_images=count,
        scores=[float(value) for value in score],
    )
    folder.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(folder / "shown.npz", **arrays)
    # Last, so that a run that was stopped is done again.
    (folder / "run.json").write_text(json.dumps(asdict(run)), encoding="utf-8")
    return time.perf_counter() - started


def shown_images(masks: np.ndarray) -> list[int]:
    """Return the numbers of the shown test images: a normal one, and three large lesions."""
    # The same images at every size: chosen among the first lesions, whose order is fixed.
    area = (masks[_EACH_CLASS : _EACH_CLASS + 12] > 0).mean(axis=(1, 2))
    return [
        0,
        *sorted(_EACH_CLASS + int(i) for i in np.argsort(-area, kind="stable")[: _SHOWN - 1]),
    ]
