"""Train a method on a folder of normal images."""

from __future__ import annotations

import hashlib
import inspect
import json
import shutil
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mia_data

from mia_bench.detectors import plugins
from mia_bench.device import resolve_device
from mia_bench.errors import RunsFailedError, StudyError
from mia_bench.inference import normal_scores
from mia_bench.inference.model_folder import FACTS, Model, Reading
from mia_bench.inference.resumable_folder import Unfinished, check_replaceable
from mia_bench.run_folder.machine import describe_machine

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping

    import numpy as np
    from mia_data import ImageSet

    from mia_bench.detectors.protocol import Detector

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
    window: tuple[float, float] | None = None,
    options: Mapping[str, Any] | None = None,
    seed: int = 0,
    device: str = "auto",
    checkpoint_every: int = CHECKPOINT_EVERY,
    on_epoch: Callable[[Any], Any] | None = None,
) -> Model:
    """Train a method on a folder of normal images and save the model.

    A fit that was interrupted goes on from its last checkpoint when it is called again.

    Args:
        images: Folder of normal images in a layout of ``mia_data.from_folder``: its train split.
        method: A method's registered name.
        model: Folder to write; an older model in it is replaced when the new one is whole.
        epochs: Epochs of training; None for the method's own.
        calibration: Folder of normal images that are not trained on. Thresholds and colours are
            then theirs and not the training images', which a trained model scores too low.
        image_size: Side of the square images that the method sees; None for the method's own.
        channels: 1 (gray) or 3 (RGB); None for the method's own.
        resize: ``"squash"`` or ``"short_side"``, see ``mia_data.load``; None for the method's own.
        window: (low, high) intensities of deep images, see ``mia_data.from_folder``.
        options: The method's own options.
        seed: Of everything that is drawn.
        device: ``"auto"``, ``"cpu"``, ``"cuda"``, ``"cuda:1"`` or ``"mps"``.
        checkpoint_every: Epochs between two checkpoints.
        on_epoch: Told each epoch's record.

    Raises:
        StudyError: A method, option or folder that cannot be used; calibration images that are
            trained on.
        DataError: An images folder that is missing, empty or holds a file that cannot be read.
        RunsFailedError: The training diverged or the device ran out of memory.
    """
    path = Path(model).expanduser().resolve()
    check_replaceable(path, **_KIND)
    info = plugins.method(method).info
    reading = Reading(
        size=info.image_size if image_size is None else image_size,
        channels=info.channels if channels is None else channels,
        resize=info.resize if resize is None else resize,
        window=window,
    )
    settings: dict[str, Any] = {
        "epochs": _at_least("epochs", info.epochs if epochs is None else epochs, 0),
        "seed": _at_least("seed", seed, 0),
        "options": _as_json("options", dict(options or {})),
    }
    _at_least("checkpoint_every", checkpoint_every, 1)
    detector = plugins.build(
        method,
        settings["options"],
        in_channels=reading.channels,
        image_size=reading.size,
        label=method,
    )
    device = resolve_device(device)
    train = _read(images, reading)
    held_out = None if calibration is None else _read(calibration, reading)
    if held_out is not None:
        _check_held_out(train, held_out)
    training = {**settings, **_identity(train)}
    unfinished = Unfinished.of(
        path,
        {"method": method, "reading": reading, "training": training},
        doing="fitting",
        kept="checkpoint",
        what="fitting this model",
    )
    with unfinished.entered(refuse_others=True):
        start = time.perf_counter()
        _train(detector, train.images, training, device, unfinished, checkpoint_every, on_epoch)
        training["seconds"] = round(time.perf_counter() - start, 3)
        normal = train if held_out is None else held_out
        fitted = Model(
            path=path,
            method=method,
            reading=reading,
            reference=normal_scores.measure(
                detector, normal.images, held_out=held_out is not None, device=device
            ),
            training={**training, "machine": asdict(describe_machine(device))},
        )
        fresh = unfinished.path / "new"
        shutil.rmtree(fresh, ignore_errors=True)  # of a fit that was killed while it wrote
        fresh.mkdir()
        fitted.write(fresh, detector)
        check_replaceable(path, **_KIND)
        unfinished.deliver(fresh, path)
    return fitted


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


def _read(folder: str | os.PathLike[str], reading: Reading) -> ImageSet:
    return mia_data.from_folder(
        Path(folder),
        "train",
        size=reading.size,
        channels=reading.channels,
        resize=reading.resize,
        window=reading.window,
    )


def _check_held_out(train: ImageSet, held_out: ImageSet) -> None:
    """Refuse calibration images that are trained on: a model scores these too low."""
    known = {hashlib.sha256(image).digest() for image in train.images}
    both = [
        name
        for name, image in zip(held_out.ids, held_out.images, strict=True)
        if hashlib.sha256(image).digest() in known
    ]
    if both:
        msg = (
            f"expected calibration images that are not trained on, got {len(both)} of "
            f"{len(held_out)} with the pixels of training images, the first is {both[0]!r}"
        )
        raise StudyError(msg)


def _identity(images: ImageSet) -> dict[str, Any]:
    """What the model is trained on, without the images themselves."""
    pixels = hashlib.sha256()
    for image in images.images:
        pixels.update(image)
    names = "\n".join(images.ids).encode("utf-8", "surrogateescape")
    return {
        "images": len(images),
        "ids_sha256": hashlib.sha256(names).hexdigest(),
        "pixels_sha256": pixels.hexdigest(),
    }


def _train(
    detector: Detector,
    images: np.ndarray,
    training: dict[str, Any],
    device: str,
    unfinished: Unfinished,
    checkpoint_every: int,
    on_epoch: Callable[[Any], Any] | None,
) -> None:
    extra: dict[str, Any] = {}
    if "checkpoint" in inspect.signature(detector.fit).parameters:
        extra = {"checkpoint": unfinished.kept, "checkpoint_every": checkpoint_every}
    try:
        detector.fit(
            images,
            epochs=training["epochs"],
            seed=training["seed"],
            device=device,
            on_epoch=on_epoch,
            **extra,
        )
    except ValueError as error:
        msg = f"cannot train on these images: {error}"
        raise StudyError(msg) from error
    except (ArithmeticError, RuntimeError) as error:
        msg = f"the training failed: {error}"
        raise RunsFailedError(msg) from error
