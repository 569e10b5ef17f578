"""Training of a method on a folder of normal images."""

from __future__ import annotations

import json
import shutil
import time
from typing import TYPE_CHECKING, Any

from mia_bench.detectors import plugins
from mia_bench.detectors.default_method import DEFAULT_METHOD
from mia_bench.detectors.optional import OptionalParts, resample_of
from mia_bench.device import machine_facts, resolve_device
from mia_bench.errors import RunsFailedError, StudyError
from mia_bench.files import expand_home
from mia_bench.inference.anonymous_reading import cache_for_fit, names_hidden
from mia_bench.inference.calibrate import cross_validate, score_normals
from mia_bench.inference.model_folder import FACTS, Model, Preprocessing
from mia_bench.inference.normal_images import read_normal_images, take_images
from mia_bench.inference.normal_split import SHARE
from mia_bench.inference.resumable_folder import ResumableFolder, check_replaceable
from mia_bench.run_folder.reading import Reading

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Hashable, Mapping
    from pathlib import Path

    from mia_bench.detectors.protocol import Detector, MethodInfo

CHECKPOINT_EVERY = 25
_KIND = {"marker": FACTS, "what": "a model of mia-bench fit"}


def fit(
    *,
    images: str | os.PathLike[str],
    model: str | os.PathLike[str],
    recursive: bool = False,
    method: str = DEFAULT_METHOD,
    epochs: int | None = None,
    calibration: str | os.PathLike[str] | None = None,
    holdout: float | None = SHARE,
    fpr: float | None = None,
    patients: str | Callable[[str], Hashable] | None = None,
    allow_damaged: bool = False,
    allow_shared_files: bool = False,
    allow_shared_patients: bool = False,
    anonymous: bool = False,
    image_size: int | None = None,
    channels: int | None = None,
    resize: str | None = None,
    resample: str | None = None,
    brightness: str | None = None,
    window: tuple[float, float] | None = None,
    options: Mapping[str, Any] | None = None,
    seed: int = 0,
    device: str = "auto",
    checkpoint_every: int = CHECKPOINT_EVERY,
    on_start: Callable[[int], object] | None = None,
    on_epoch: Callable[[Any], Any] | None = None,
    on_fold: Callable[[int, int], object] | None = None,
) -> Model:
    """Train a method on a folder of normal images and save the model.

    Thresholds and colors come from normal images that the model has not seen. Of a method that is
    trained, a share of the images is held out for them. One that is not trained (of 0 epochs) is
    fitted once for each share, to be judged on that share, and then to all images. Images of a
    patient and near-duplicates stay together.

    An interrupted fit goes on from its last checkpoint when it is called again.

    Args:
        images: Folder of normal images in a layout of ``mia_data.from_folder``; its train split.
        recursive: Take the images of all folders below ``images`` too, such as one for each DICOM
            series, and below ``calibration``.
        model: Output folder; an older model in it is replaced when the new one is whole.
        method: A method's registered name.
        epochs: Epochs of training; None for the method's.
        calibration: Folder of normal images that are not trained on. They give thresholds and
            colors then, and all of ``images`` are trained on.
        holdout: Share of the images that is held out, above 0 and up to 0.5. None for none:
            thresholds and colors then come from the training images, which a trained model scores
            too low.
        fpr: The smallest false-positive rate to be scored with: at least 1 / fpr - 1 images are
            held out. None: 0.05 if there are enough images for it, else nothing is held out.
        patients: A regular expression that finds the patient in an image's path, see
            ``mia_data.from_folder``; or what gives the patient of an image by its id, the file's
            path in ``images`` without its suffix. None where patients are not known.
        allow_damaged: Read JPEG files that end early, see ``mia_data.load``.
        allow_shared_files: Read images that are also test images of the folder, or calibration
            images.
        allow_shared_patients: Read patients and DICOM series that are also in the folder's test
            images, or in the calibration images.
        anonymous: Keep names of files out of the model's folder, out of errors and out of the
            cache: decoded images are kept in a folder that is removed at the end.
        image_size: Side of the square images in pixels; None for the method's.
        channels: 1 (gray) or 3 (RGB); None for the method's.
        resize: ``"squash"`` or ``"short_side"``, see ``mia_data.load``; None for the method's.
        resample: The filter that images are resized with, see ``mia_data.load``; None for the
            method's.
        brightness: How each image's brightness is scaled, in training and when images are scored,
            see ``mia_data.load``; None for not at all.
        window: (low, high) intensities of deep images, see ``mia_data.from_folder``.
        options: The method's own options.
        seed: Random seed.
        device: ``"auto"``, ``"cpu"``, ``"cuda"``, ``"cuda:1"`` or ``"mps"``.
        checkpoint_every: Epochs between two checkpoints.
        on_start: Called once all images are read, with the number of those that are trained on.
        on_epoch: Called after each epoch with its ``mia_bench.detectors.protocol.Epoch``.
        on_fold: Called after each share that a method of 0 epochs was judged on, with the number of
            these, and of all.

    Raises:
        StudyError: A method, option or folder that cannot be used; calibration images that are
            trained on; too few images to hold some out.
        DataError: An images folder that is missing, empty or holds a file that cannot be read.
        RunsFailedError: The training diverged or the device ran out of memory.
    """
    target = expand_home(model).resolve()
    check_replaceable(target, **_KIND)
    info = plugins.find_method(method).info
    preprocessing = _preprocessing(info, image_size, channels, resize, resample, brightness, window)
    settings: dict[str, Any] = {
        "epochs": _at_least("epochs", info.epochs if epochs is None else epochs, 0),
        "seed": _at_least("seed", seed, 0),
        "options": _as_json("options", dict(options or {})),
    }
    _at_least("checkpoint_every", checkpoint_every, 1)
    _check_shares(holdout, fpr)
    detector = _build(method, settings["options"], preprocessing)
    device = resolve_device(device)
    reading = Reading(
        allow_damaged=allow_damaged,
        allow_shared_files=allow_shared_files,
        allow_shared_patients=allow_shared_patients,
        patients=patients if isinstance(patients, str) else None,
    )
    with cache_for_fit(anonymous=anonymous) as cache_dir:
        with names_hidden(images, calibration, anonymous=anonymous):
            normals = read_normal_images(
                images,
                preprocessing,
                calibration=calibration,
                recursive=recursive,
                holdout=holdout,
                fpr=fpr,
                is_trained=settings["epochs"] > 0,
                reading=reading,
                patients=None if isinstance(patients, str) else patients,
                cache_dir=cache_dir,
                anonymous=anonymous,
            )
        training = {**settings, **normals.identity()}
        folder = _hidden_folder(target, method, preprocessing, training)

        def fit_part(part: Any) -> Detector:
            made = _build(method, settings["options"], preprocessing)
            _train(made, part, training, device)
            return made

        with folder.locked(refuse_others=True):
            if on_start is not None:
                on_start(len(normals.trained))
            start = time.perf_counter()
            judged = cross_validate(normals, fit_part, device=device, on_fold=on_fold)
            kept = OptionalParts(detector).checkpoint(folder.kept, checkpoint_every)
            chosen = take_images(normals.whole.images, normals.trained)
            _train(detector, chosen, training, device, on_epoch=on_epoch, **kept)
            seconds = round(time.perf_counter() - start, 3)
            fitted = Model(
                path=target,
                method=method,
                preprocessing=preprocessing,
                normal_scores=judged or score_normals(detector, normals, device=device),
                split=normals.split,
                training={**training, "seconds": seconds, "machine": machine_facts(device)},
            )
            _write(fitted, detector, folder)
    return fitted


def _check_shares(holdout: float | None, fpr: float | None) -> None:
    """Check the shares that images are held out by."""
    if holdout is not None and not 0 < holdout <= 0.5:
        msg = f"expected holdout to be above 0 and at most 0.5, got {holdout}"
        raise StudyError(msg)
    if fpr is not None and not 0 < fpr < 1:
        msg = f"expected the false-positive rate fpr to be between 0 and 1, got {fpr}"
        raise StudyError(msg)


def _preprocessing(
    info: MethodInfo,
    size: int | None,
    channels: int | None,
    resize: str | None,
    resample: str | None,
    brightness: str | None,
    window: tuple[float, float] | None,
) -> Preprocessing:
    """Fill in the method's defaults."""
    return Preprocessing(
        size=info.image_size if size is None else size,
        channels=info.channels if channels is None else channels,
        resize=info.resize if resize is None else resize,
        resample=resample_of(info) if resample is None else resample,
        window=window,
        brightness=brightness,
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
    detector: Detector, images: Any, training: dict[str, Any], device: str, **rest: Any
) -> None:
    """Train the detector, from its checkpoint where there is one."""
    try:
        detector.fit(
            images,
            epochs=training["epochs"],
            seed=training["seed"],
            device=device,
            **rest,
        )
    except ValueError as error:
        msg = f"cannot train on {len(images)} of these images: {error}"
        raise StudyError(msg) from error
    except (ArithmeticError, RuntimeError) as error:
        msg = f"the training failed: {error}"
        raise RunsFailedError(msg) from error


def _write(model: Model, detector: Detector, folder: ResumableFolder) -> None:
    """Write the model's folder, whole or not at all."""
    fresh = folder.path / "new"
    shutil.rmtree(fresh, ignore_errors=True)  # of a fit that was killed while it wrote
    fresh.mkdir()
    model.write(fresh, detector)
    check_replaceable(model.path, **_KIND)
    folder.move_to(fresh, model.path)
