"""The samples of a run that an older version has finished without them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from filelock import Timeout

from mia_bench.detectors import plugins
from mia_bench.detectors.optional import OptionalParts
from mia_bench.errors import StudyError
from mia_bench.run_folder.samples_npz import choose_samples, make_samples
from mia_bench.study.images import hash_images, load_split, locate_source
from mia_bench.study.plan import Run

if TYPE_CHECKING:
    from mia_bench.run_folder.status import FinishedRun


def add_samples(run: FinishedRun, *, root: str | None = None, device: str = "cpu") -> None:
    """Write samples.npz of a finished run, from its maps, its model and its dataset.

    Args:
        run: The run, as read from its folder.
        root: Folder that holds the folders of registered datasets; None for where the run read
            them, or where that is gone for the default.
        device: Where images are reconstructed; not ``"auto"``.

    Raises:
        StudyError: The dataset's images are no longer those of the run, its maps or model are
            damaged, or another process is at work on the run.
        DataError: The dataset is missing.
    """
    record, folder = run.record, run.folder
    fused = record.settings.epochs is None  # an ensemble, which has no model
    settings = replace(record.settings, epochs=0) if fused else record.settings
    plan = Run.of(settings, locate_source(record.data, root))
    test = load_split(plan, "test")
    if list(test.ids) != run.scores.ids or (
        record.data is not None and hash_images(test) != record.data.test_sha256
    ):
        msg = f"the test images of {settings.dataset} are not those of {folder.path}"
        raise StudyError(msg)
    maps = _read_maps(run, test.images.shape) if folder.maps.exists() else None
    chosen = choose_samples(settings.dataset, test.ids, test.labels)
    reconstructions = None
    if not fused:
        detector = plugins.load_detector(
            settings.method, folder.model, owner=f"the model {folder.model}"
        )
        reconstruct = OptionalParts(detector).reconstruction(device)
        if reconstruct is not None:
            reconstructions = reconstruct(np.asarray(test.images[chosen]))
    try:
        with folder.lock():
            make_samples(chosen, test, maps, reconstructions).save(folder.samples)
    except Timeout as error:
        msg = f"another process is writing {folder.path}"
        raise StudyError(msg) from error


def _read_maps(run: FinishedRun, images: tuple[int, ...]) -> np.ndarray:
    """Return the maps of the test images (N, C, H, W), memory-mapped."""
    path, expected = run.folder.maps, (images[0], *images[2:])
    try:
        maps = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        msg = f"cannot read {path}: {error}"
        raise StudyError(msg) from error
    if maps.shape != expected or maps.dtype != np.float32:
        msg = f"cannot read {path}: expected float32 {expected}, got {maps.dtype} {maps.shape}"
        raise StudyError(msg)
    return maps
