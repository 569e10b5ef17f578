"""Writer of the anomaly maps of volumes, in their geometry, one volume at a time."""

from __future__ import annotations

import shutil
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import mia_data
import numpy as np
from mia_data import DataError, DicomVolume, NiftiVolume

from mia_bench.inference.output_files import MAPS, SEGMENTATIONS
from mia_bench.inference.picture_names import picture_name
from mia_bench.inference.volume_formats import NONE, SOURCE
from mia_bench.inference.volume_table import VolumeScore, score_volume

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from mia_data import NiftiVolume, Producer

    from mia_bench.inference.anonymous_ids import ImageIds

    Volume = NiftiVolume | DicomVolume


@dataclass
class VolumeWriter:
    """Collects slices of volumes and writes each volume when it is complete.

    A slice's map is kept on disk until then. After an interruption ``record`` is called again for
    all slices, and volumes that were written are not written again.

    Attributes:
        folder: The output folder.
        kept: A folder for what has not been written yet.
        volumes: The volumes.
        ids: How images are called.
        format: ``"source"``, ``"nifti"`` or ``"none"``.
        outlined: The value of a map above which pixels of flagged slices are in segmentations;
            None where the method has no map.
        producer: Names the model in DICOM files.
        top: Number of slices in a volume's mean.
        scores: The scores of the volumes that are complete.
        left_out: Volume -> reason why it has no map.
    """

    folder: Path
    kept: Path
    volumes: Sequence[Volume]
    ids: ImageIds
    format: str
    outlined: float | None
    producer: Producer
    top: int
    scores: list[VolumeScore] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._places: dict[str, tuple[int, int]] = {}
        for i, volume in enumerate(self.volumes):
            images = zip(volume.images, volume.image_files, strict=True)
            for j, (image_id, file) in enumerate(images):
                self._places[self.ids.of_image(image_id, file)] = i, j
        self._names = self._file_names()
        self._slices: dict[int, tuple[float, bool]] = {}  # of the volume that is collected
        self._current: int | None = None

    @property
    def keeps_maps(self) -> bool:
        """True if maps of volumes are written."""
        return bool(self.volumes) and self.format != NONE and self.outlined is not None

    def keep(self, image_id: str, heat: np.ndarray) -> None:
        """Keep the map of an image, float32 (H, W) at its own size, if it is of a volume."""
        place = self._places.get(image_id)
        if place is not None and self.keeps_maps:
            path = self._slice(*place)
            path.parent.mkdir(parents=True, exist_ok=True)
            np.save(path, heat, allow_pickle=False)

    def record(self, image_id: str, score: float, *, flagged: bool) -> None:
        """Add the score of an image, in the order of the files, after its map was kept."""
        volume, number = self._places.get(image_id, (None, 0))
        if volume != self._current:
            self.close()
            self._current = volume
        if volume is not None:
            self._slices[number] = score, flagged

    def close(self) -> None:
        """Write the volume whose slices have been recorded."""
        if self._current is None:
            return
        index, slices = self._current, self._slices
        self._current, self._slices = None, {}
        name = self.ids.of(self.volumes[index].id)
        map_file = segmentation = None
        if self.keeps_maps:
            map_file, segmentation = self._files(index)
            if not (self.folder / map_file).is_file():
                self._write(index, slices, name)
            map_file = self._if_written(map_file)
            segmentation = self._if_written(segmentation)
            if map_file is None:
                self.left_out[name] = self._reason(index).read_text(encoding="utf-8")
        self.scores.append(
            score_volume(
                name,
                [score for score, _ in slices.values()],
                [flag for _, flag in slices.values()],
                top=self.top,
                map=map_file,
                segmentation=segmentation,
            )
        )

    def _write(self, index: int, slices: dict[int, tuple[float, bool]], name: str) -> None:
        """Write the map of a volume; or why there is none, which ``close`` reads."""
        volume = self.volumes[index]
        shape = (len(volume.images), *volume.image_shape)
        values = np.full(shape, np.nan, np.float32)
        if not self._reason(index).is_file():
            try:
                for number in slices:
                    values[number] = _same_shape(np.load(self._slice(index, number)), shape, name)
                flags = [slices.get(number, (0.0, False))[1] for number in range(len(values))]
                self._write_files(index, values, np.array(flags))
            except DataError as error:
                self.kept.mkdir(parents=True, exist_ok=True)
                text = self.ids.without_paths(str(error), name)
                self._reason(index).write_text(text, encoding="utf-8")
        shutil.rmtree(self._slice(index, 0).parent, ignore_errors=True)

    def _write_files(self, index: int, values: np.ndarray, flags: np.ndarray) -> None:
        """Write a volume's files, the map last, so that where it is the others are complete."""
        source, outlined = self.volumes[index], self.outlined
        volume = replace(source, id=self.ids.of(source.id))  # as messages call it
        files = [self.folder / name if name else None for name in self._files(index)]
        map_file, segmentation = files
        assert map_file is not None
        assert outlined is not None
        map_file.parent.mkdir(parents=True, exist_ok=True)
        if segmentation is None or not isinstance(volume, DicomVolume):
            mia_data.write_nifti(volume, values, map_file)
            return
        marked = (values > outlined) & flags[:, None, None]
        if marked.any():
            segmentation.parent.mkdir(parents=True, exist_ok=True)
            mia_data.write_segmentation(volume, marked, segmentation, producer=self.producer)
        mia_data.write_parametric_map(volume, values, map_file, producer=self.producer)

    def _files(self, index: int) -> tuple[str, str | None]:
        """Return the files of a volume's map and segmentation inside the output folder."""
        name = self._names[index]
        if self.format == SOURCE and isinstance(self.volumes[index], DicomVolume):
            file = picture_name(name, ".dcm")
            return f"{MAPS}/{file}", f"{SEGMENTATIONS}/{file}"
        return f"{MAPS}/{picture_name(name, '.nii.gz')}", None

    def _file_names(self) -> list[str]:
        """Return a name for each volume's files; its id where another has its name."""
        if self.ids.are_anonymous:
            return [self.ids.of(volume.id) for volume in self.volumes]
        count = Counter(volume.name for volume in self.volumes)
        return [each.name if count[each.name] == 1 else each.id for each in self.volumes]

    def _if_written(self, name: str | None) -> str | None:
        return name if name and (self.folder / name).is_file() else None

    def _slice(self, index: int, number: int) -> Path:
        return self.kept / str(index) / f"{number}.npy"

    def _reason(self, index: int) -> Path:
        return self.kept / f"{index}.txt"


def _same_shape(heat: np.ndarray, shape: tuple[int, ...], name: str) -> np.ndarray:
    if heat.shape != shape[1:]:
        msg = f"a slice of {name} is {heat.shape}, expected {shape[1:]} as its header says"
        raise DataError(msg)
    return heat
