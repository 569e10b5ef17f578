"""Training of a method on a folder of normal images."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mia_bench.detectors import plugins
from mia_bench.detectors.optional import OptionalParts, resample_of
from mia_bench.device import machine_facts, resolve_device
from mia_bench.errors import RunsFailedError, StudyError
from mia_bench.inference.model_folder import FACTS, Model, Preprocessing
from mia_bench.inference.normal_images import read_normal_images
from mia_bench.inference.resumable_folder import ResumableFolder, check_replaceable

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping

    import numpy as np

    from mia_bench.detectors.protocol import Detector, MethodInfo

CHECKPOINT_EVERY = 25
_KIND = {"marker": FACTS, "what": "a model of mia-bench fit"}


def fit(
    *,
    images: str | os.PathLike[str],
    method: str,
    model: str | os.PathLike[str],
    epochs: int | None = None,
    calibration: str | os.PathLike[str] | None = None,
    image_size: int | None = None,
    channels: int | None = None,
    resize: str | None = None,
    resample: str | None = None,
    window: tuple[float, float] | None = None,
    options: Mapping[str, Any] | None = None,
    seed: int = 0,
    device: str = "auto",
    checkpoint_every: int = CHECKPOINT_EVERY,
    on_epoch: Callable[[Any], Any] | None = None,
) -> Model:
    """Train a method on a folder of normal images and save the model.

    An interrupted fit goes on from its last checkpoint when it is called again.

    Args:
        images: Folder of normal images in a layout of ``mia_data.from_folder``; its train split.
        method: A method's registered name.
        model: Output folder; an older model in it is replaced when the new one is whole.
        epochs: Epochs of training; None for the method's.
        calibration: Folder of normal images that are not trained on. They give thresholds and
            colors then, not the training images, which a trained model scores too low.
        image_size: Side of the square images in pixels; None for the method's.
        channels: 1 (gray) or 3 (RGB); None for the method's.
        resize: ``"squash"`` or ``"short_side"``, see ``mia_data.load``; None for the method's.
        resample: The filter that images are resized with, see ``mia_data.load``; None for the
            method's.
        window: (low, high) intensities of deep images, see ``mia_data.from_folder``.
        options: The method's own options.
        seed: Random seed.
        device: ``"auto"``, ``"cpu"``, ``"cuda"``, ``"cuda:1"`` or ``"mps"``.
        checkpoint_every: Epochs between two checkpoints.
        on_epoch: Called after each epoch with its ``mia_bench.detectors.protocol.Epoch``.

    Raises:
        StudyError: A method, option or folder that cannot be used; calibration images that are
            trained on.
        DataError: An images folder that is missing, empty or holds a file that cannot be read.
        RunsFailedError: The training diverged or the device ran out of memory.
    """
    target = Path(model).expanduser().resolve()
    check_replaceable(target, **_KIND)
    info = plugins.find_method(method).info
    preprocessing = _preprocessing(info, image_size, channels, resize, resample, window)
    settings: dict[str, Any] = {
        "epochs": _at_least("epochs", info.epochs if epochs is None else epochs, 0),
        "seed": _at_least("seed", seed, 0),
        "options": _as_json("options", dict(options or {})),
    }
    _at_least("checkpoint_every", checkpoint_every, 1)
    detector = _build(method, settings["options"], preprocessing)
    device = resolve_device(device)
    normals = read_normal_images(images, calibration, preprocessing)
    training = {**settings, **normals.identity()}
    folder = _hidden_folder(target, method, preprocessing, training)
    with folder.locked(refuse_others=True):
        seconds = _train(
            detector, normals.train.images, training, device, folder, checkpoint_every, on_epoch
        )
        fitted = Model(
            path=target,
            method=method,
            preprocessing=preprocessing,
            normal_scores=normals.measure(detector, device),
            training={**training, "seconds": seconds, "machine": machine_facts(device)},
        )
        _write(fitted, detector, folder)
    return fitted


def _preprocessing(
    info: MethodInfo,
    size: int | None,
    channels: int | None,
    resize: str | None,
    resample: str | None,
    window: tuple[float, float] | None,
) -> Preprocessing:
    """Fill in the method's defaults."""
    return Preprocessing(
        size=info.image_size if size is None else size,
        channels=info.channels if channels is None else channels,
        resize=info.resize if resize is None else resize,
        resample=resample_of(info) if resample is None else resample,
        window=window,
    )


def _build(method: str, options: dict[str, Any], preprocessing: Preprocessing) -> Detector:
    return plugins.build_detector(
        method,
        options,
        in_channels=preprocessing.channels,
        image_size=preprocessing.size,
        label=method,
    )


def _hidden_folder(
    target: Path, method: str, preprocessing: Preprocessing, training: dict[str, Any]
) -> ResumableFolder:
    """Return the folder in which the model is made."""
    return ResumableFolder.beside(
        target,
        {"method": method, "preprocessing": preprocessing, "training": training},
        suffix="fitting",
        kept="checkpoint",
        activity="fitting this model",
    )


def _at_least(name: str, value: int, least: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        msg = f"expected {name} to be a whole number from {least}, got {value!r}"
        raise StudyError(msg)
    return value


def _as_json(name: str, value: dict[str, Any]) -> dict[str, Any]:
    try:
        return json.loads(json.dumps(value, allow_nan=False))
    except (TypeError, ValueError) as error:
        msg = f"expected {name} to be numbers, texts, booleans or lists of them, got {value!r}"
        raise StudyError(msg) from error


def _train(
    detector: Detector,
    images: np.ndarray,
    training: dict[str, Any],
    device: str,
    folder: ResumableFolder,
    checkpoint_every: int,
    on_epoch: Callable[[Any], Any] | None,
) -> float:
    """Train the detector, from its checkpoint where there is one; the seconds it took."""
    start = time.perf_counter()
    try:
        detector.fit(
            images,
            epochs=training["epochs"],
            seed=training["seed"],
            device=device,
            on_epoch=on_epoch,
            **OptionalParts(detector).checkpoint(folder.kept, checkpoint_every),
        )
    except ValueError as error:
        msg = f"cannot train on these images: {error}"
        raise StudyError(msg) from error
    except (ArithmeticError, RuntimeError) as error:
        msg = f"the training failed: {error}"
        raise RunsFailedError(msg) from error
    return round(time.perf_counter() - start, 3)


def _write(model: Model, detector: Detector, folder: ResumableFolder) -> None:
    """Write the model's folder, whole or not at all."""
    fresh = folder.path / "new"
    shutil.rmtree(fresh, ignore_errors=True)  # of a fit that was killed while it wrote
    fresh.mkdir()
    model.write(fresh, detector)
    check_replaceable(model.path, **_KIND)
    folder.move_to(fresh, model.path)
