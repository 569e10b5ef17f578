"""Score a folder of images of any size with a fitted model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from mia_data import DataError

from mia_bench.device import resolve_device
from mia_bench.errors import StudyError
from mia_bench.files import write_json
from mia_bench.inference.decode import Files, chunks
from mia_bench.inference.find_files import find_files, fingerprint
from mia_bench.inference.journal import Journal
from mia_bench.inference.model_folder import load_model
from mia_bench.inference.normal_scores import predict
from mia_bench.inference.page import PAGE, write_page
from mia_bench.inference.resumable_folder import Unfinished, check_replaceable
from mia_bench.inference.writer import SUMMARY, Results, Scored

if TYPE_CHECKING:
    import os
    from collections.abc import Callable

    from mia_bench.detectors.protocol import Detector

BATCH_SIZE = 64
FPR = 0.05
JOURNAL = "journal.jsonl"
_KIND = {"marker": SUMMARY, "what": "a folder of mia-bench score"}


def score(
    *,
    model: str | os.PathLike[str],
    images: str | os.PathLike[str],
    out: str | os.PathLike[str],
    fpr: float = FPR,
    strict: bool = False,
    heatmaps: bool = True,
    raw_maps: bool = False,
    device: str = "auto",
    batch_size: int = BATCH_SIZE,
    on_progress: Callable[[int, int], None] | None = None,
) -> Scored:
    """Score every image in and below a folder; write scores.csv, heatmaps and a page.

    Never more than a few images are in memory. The output appears when all of it is there. A
    scoring that was interrupted goes on when it is called again, where neither its arguments nor
    the files have changed.

    Args:
        model: A folder that ``fit`` wrote.
        images: Folder of images. Where it has the folders ``train`` and ``test``, ``test`` alone
            is scored; what lies in ``out`` is not.
        out: Folder to write; the output of an earlier call in it is replaced.
        fpr: Share of normal images that may be flagged.
        strict: Whether a file that cannot be read is an error; else it is listed in broken.csv.
        heatmaps: Whether to write heatmaps, where the method has a map.
        raw_maps: Whether to write the maps at the images' own size as .npy too.
        device: ``"auto"``, ``"cpu"``, ``"cuda"``, ``"cuda:1"`` or ``"mps"``.
        batch_size: Images scored at a time.
        on_progress: Told how many files are done, of how many.

    Raises:
        StudyError: A model or folder that cannot be used, or maps asked of a method without.
        DataError: A missing or empty folder; with ``strict``, a file that cannot be read.
        RunsFailedError: The device ran out of memory.
    """
    fitted = load_model(Path(model).expanduser())
    threshold = fitted.reference.threshold(fpr)
    if batch_size < 1:
        msg = f"expected batch_size to be above 0, got {batch_size}"
        raise StudyError(msg)
    if raw_maps and not fitted.reference.pixels:
        msg = f"expected a method with a map for raw_maps; {fitted.method!r} scores images only"
        raise StudyError(msg)
    target = Path(out).expanduser().resolve()
    check_replaceable(target, **_KIND)
    source = Path(images).expanduser()
    found = find_files(source, target)
    files = found.files
    device = resolve_device(device)
    detector = fitted.detector()
    unfinished = Unfinished.of(
        target,
        {
            "model": fitted.fingerprint(),
            "images": fingerprint(source, files),
            **{"fpr": fpr, "heatmaps": heatmaps, "raw_maps": raw_maps, "device": device},
        },
        doing="scoring",
        kept=JOURNAL,
        what="scoring into this folder",
    )
    with unfinished.entered(refuse_others=False):
        results = Results(
            folder=_fresh(unfinished.path / "new"),
            reference=fitted.reference,
            threshold=threshold,
            heatmaps=heatmaps,
            raw_maps=raw_maps,
        )
        reading = Files(source, files, fitted.reading, results, strict, on_progress)
        try:
            _score(reading, results, Journal(unfinished.kept), detector, batch_size, device)
            results.write_broken()
            scored = Scored(
                out=target,
                images=len(results.scores),
                flagged=results.flagged,
                threshold=threshold,
                fpr=fpr,
                normals=fitted.reference.name,
                broken=list(results.broken.items()),
                passed_over=found.passed_over,
                passed_over_example=found.example,
            )
            write_page(results.folder / PAGE, fitted, results, scored, title=source.resolve().name)
            write_json(results.folder / SUMMARY, scored.summary())
            check_replaceable(target, **_KIND)
            unfinished.deliver(results.folder, target)
        except (StudyError, DataError):
            unfinished.remove()  # the input is wrong: there is nothing to go on with
            raise
    return scored


def _score(
    reading: Files,
    results: Results,
    journal: Journal,
    detector: Detector,
    batch_size: int,
    device: str,
) -> None:
    """Score what the journal does not have yet."""
    for entry in journal.entries():
        results.replay(entry)
        reading.skip(entry)
    for chunk in chunks(reading, batch_size):
        pixels = np.stack([item.image for item in chunk])
        journal.write(results.add(chunk, *predict(detector, pixels, device=device)))
    if not results.scores:
        file, reason = next(iter(results.broken.items()))
        msg = (
            f"none of {len(reading.names)} files in {reading.folder} can be read; {file}: {reason}"
        )
        raise StudyError(msg)


def _fresh(folder: Path) -> Path:
    """The folder of the output to come; heatmaps of an interrupted scoring stay in it."""
    folder.mkdir(exist_ok=True)
    return folder
