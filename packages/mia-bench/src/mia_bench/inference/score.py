"""Scoring of a folder of images of any size with a fitted model."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING, Any

import mia_data
from mia_data import DataError

from mia_bench.device import resolve_device
from mia_bench.errors import StudyError
from mia_bench.files import expand_home, write_json
from mia_bench.inference.anonymous_ids import ImageIds, check_salt, kept_salt
from mia_bench.inference.decode import FolderDecoder
from mia_bench.inference.find_files import FoundFiles, find_files, fingerprint
from mia_bench.inference.heatmaps import ColorScale
from mia_bench.inference.journal import Journal
from mia_bench.inference.loaded_model import LoadedModel, default_batch
from mia_bench.inference.model_folder import Model, load_model
from mia_bench.inference.normal_scores import FPR
from mia_bench.inference.output_files import PAGE, SUMMARY
from mia_bench.inference.page import write_page
from mia_bench.inference.resumable_folder import ResumableFolder, check_replaceable
from mia_bench.inference.volume_formats import SOURCE, check_format
from mia_bench.inference.volume_table import TOP_SLICES
from mia_bench.inference.volume_writer import VolumeWriter
from mia_bench.inference.writer import ScoringWriter

if TYPE_CHECKING:
    import os
    from collections.abc import Callable
    from concurrent.futures import Future
    from pathlib import Path

    from mia_data import Decoded

    from mia_bench.inference.loaded_model import ScoredImages
    from mia_bench.inference.scoring_summary import ScoringSummary

DRAWING_THREADS = 4
JOURNAL = "journal.jsonl"
_KIND = {"marker": SUMMARY, "what": "a folder of mia-bench score"}


def score(
    *,
    model: str | os.PathLike[str],
    images: str | os.PathLike[str],
    out: str | os.PathLike[str],
    fpr: float = FPR,
    strict: bool = False,
    allow_damaged: bool = False,
    heatmaps: bool = True,
    raw_maps: bool = False,
    volumes: str = SOURCE,
    top_slices: int = TOP_SLICES,
    anonymous: bool = False,
    salt: bytes | None = None,
    device: str = "auto",
    batch_size: int | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> ScoringSummary:
    """Score every image in and below a folder; write scores, heatmaps, maps of volumes and a page.

    Never more than a few images are in memory. The output appears when all of it is there. An
    interrupted scoring goes on when it is called again, where neither its arguments nor the files
    have changed.

    Args:
        model: A folder that ``fit`` wrote.
        images: Folder of images. Where it has the folders ``train`` and ``test``, ``test`` alone
            is scored; what lies in ``out`` is not.
        out: Output folder; the output of an earlier call in it is replaced.
        fpr: Share of normal images that may be flagged.
        strict: Whether a file that cannot be read is an error, or listed in broken.csv.
        allow_damaged: Whether to read JPEG files that end early, gray where pixels are missing.
        heatmaps: Whether to write heatmaps, where the method has a map.
        raw_maps: Whether to also write the maps as .npy, at the images' own size.
        volumes: The format of the maps of volumes, where the method has a map. ``"source"``: NIfTI
            for NIfTI; for DICOM a Parametric Map, and a Segmentation of the outlined pixels of
            flagged slices. ``"nifti"``: NIfTI for both. ``"none"``: no maps of volumes.
        top_slices: Number of slices whose mean score is a score of their volume.
        anonymous: Whether images are called by salted hashes of their paths, and no path is in the
            output or in an error. DICOM volumes give NIfTI then, which names no patient.
        salt: At least 16 bytes, so that the same paths have the same hashes each time; None for
            random ones that are not kept.
        device: ``"auto"``, ``"cpu"``, ``"cuda"``, ``"cuda:1"`` or ``"mps"``.
        batch_size: Number of images scored at a time; None for what suits the device and the
            method.
        on_progress: Called with the number of files that are done, and of all.

    Raises:
        StudyError: A model or folder that cannot be used, raw maps of a method that has none, or
            maps of volumes in a format whose package is not installed.
        DataError: A missing or empty folder; with ``strict``, a file that cannot be read.
        RunsFailedError: The device ran out of memory.
    """
    fitted = load_model(expand_home(model))
    threshold = fitted.normal_scores.threshold(fpr)
    _check(fitted, batch_size, top_slices, raw_maps=raw_maps)
    if salt is not None:
        check_salt(salt, anonymous=anonymous)
    target, source = expand_home(out).resolve(), expand_home(images)
    check_replaceable(target, **_KIND)
    found = find_files(source, target, anonymous=anonymous)
    found_volumes = mia_data.find_volumes(source, found.files)
    has_map = bool(fitted.normal_scores.pixels)
    volume_format = check_format(volumes, found_volumes if has_map else [], anonymous=anonymous)
    device = resolve_device(device)
    loaded = LoadedModel(fitted, fitted.detector(device), device)
    choices = {
        "fpr": fpr,
        "heatmaps": heatmaps,
        "raw_maps": raw_maps,
        "device": device,
        "allow_damaged": allow_damaged,
        "volumes": volume_format,
        "top_slices": top_slices,
        "anonymous": anonymous,
        "salt": None if salt is None else ImageIds(salt).of(""),
    }
    folder = _hidden_folder(target, fitted, source, found, choices)
    with folder.locked(refuse_others=False):
        ids = ImageIds((salt or kept_salt(folder.path / "salt")) if anonymous else None)
        fresh = _make(folder.path / "new")
        writer = ScoringWriter(
            folder=fresh,
            normal_scores=fitted.normal_scores,
            threshold=threshold,
            heatmaps=heatmaps,
            raw_maps=raw_maps,
            reconstruct=loaded.reconstruction(),
            volumes=VolumeWriter(
                folder=fresh,
                kept=folder.path / "volumes",
                volumes=found_volumes,
                ids=ids,
                format=volume_format,
                outlined=ColorScale.of(fitted.normal_scores).outlined if has_map else None,
                producer=fitted.producer(),
                top=top_slices,
            ),
        )
        files = FolderDecoder(
            folder=source,
            names=found.files,
            model=loaded,
            writer=writer,
            ids=ids,
            strict=strict,
            allow_damaged=allow_damaged,
            on_progress=on_progress,
            ahead=batch_size or default_batch(device),
        )
        try:
            _score(files, writer, Journal(folder.kept), fpr=fpr, batch_size=batch_size)
            writer.write_volumes()
            summary = writer.summary(target, found, fpr)
            title = "Scored images" if anonymous else source.resolve().name
            _write(writer, summary, fitted, title=title)
            check_replaceable(target, **_KIND)
            folder.move_to(writer.folder, target)
        except (StudyError, DataError):
            folder.remove()  # the input is wrong: there is nothing to go on with
            raise
    return summary


def _check(model: Model, batch_size: int | None, top_slices: int, *, raw_maps: bool) -> None:
    for name, value in (("batch_size", batch_size), ("top_slices", top_slices)):
        if value is not None and value < 1:
            msg = f"expected {name} to be above 0, got {value}"
            raise StudyError(msg)
    if raw_maps and not model.normal_scores.pixels:
        msg = f"expected a method with a map for raw_maps; {model.method!r} scores images only"
        raise StudyError(msg)


def _hidden_folder(
    target: Path, model: Model, source: Path, found: FoundFiles, choices: dict[str, Any]
) -> ResumableFolder:
    """Return the folder in which the output is made."""
    return ResumableFolder.beside(
        target,
        {"model": model.fingerprint(), "images": fingerprint(source, found.files), **choices},
        suffix="scoring",
        kept=JOURNAL,
        activity="scoring into this folder",
    )


def _make(folder: Path) -> Path:
    """Make the folder of the output to come; heatmaps of an interrupted scoring stay in it."""
    folder.mkdir(exist_ok=True)
    return folder


def _score(
    files: FolderDecoder,
    writer: ScoringWriter,
    journal: Journal,
    *,
    fpr: float,
    batch_size: int | None,
) -> None:
    """Score the images that the journal does not have yet.

    While the model scores a batch, threads decode the next one and draw the one before.
    """
    for entry in journal.entries():
        writer.restore(entry)
        files.skip(entry)
    with (
        ThreadPoolExecutor(DRAWING_THREADS) as pool,
        closing(_Drawing(pool, writer, journal)) as drawing,
        closing(iter(files)) as images,
    ):
        for batch, scored in files.model.score_stream(images, fpr=fpr, batch_size=batch_size):
            drawing.start(batch, scored)
    if not writer.scores:
        file, reason = next(iter(writer.broken.items()))
        where = "" if files.ids.are_anonymous else f" in {files.folder}"
        msg = f"none of {len(files.names)} files{where} can be read; {file}: {reason}"
        raise StudyError(msg)


class _Drawing:
    """The batch whose pictures are being written; it is in the journal once they all are."""

    def __init__(self, pool: ThreadPoolExecutor, writer: ScoringWriter, journal: Journal) -> None:
        self._pool, self._writer, self._journal = pool, writer, journal
        self._batch: tuple[list[Decoded], ScoredImages] | None = None
        self._pictures: list[Future[None]] = []

    def start(self, images: list[Decoded], scored: ScoredImages) -> None:
        """Finish the batch before, and begin to draw this one."""
        self.close()
        self._pictures = self._writer.draw(self._pool, images, scored.map)
        self._batch = images, scored

    def close(self) -> None:
        """Finish the batch."""
        batch, self._batch = self._batch, None  # a batch that fails must not be finished later
        if batch is not None:
            for picture in self._pictures:
                picture.result()
            self._journal.write(self._writer.add(*batch))


def _write(writer: ScoringWriter, summary: ScoringSummary, model: Model, *, title: str) -> None:
    """Write what is written once all images are scored."""
    writer.write_broken()
    write_page(writer.folder / PAGE, model, writer, summary, title=title)
    write_json(writer.folder / SUMMARY, summary.as_json())
