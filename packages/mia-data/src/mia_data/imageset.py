"""The dataset object that every loader of this package returns."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False, repr=False)
class ImageSet:
    """One split of a dataset: a map-style dataset, and its arrays as a whole.

    ``len(ds)`` and ``ds[i]`` are all that ``torch.utils.data.DataLoader`` asks for. ``ds[i]`` is a
    dictionary of copies: ``image`` uint8 (C, H, W), ``label``, ``id`` and, where the split has
    masks, ``mask`` uint8 (1, H, W) of 0 and 1.

    Attributes:
        name: The dataset's name.
        split: ``"train"`` or ``"test"``.
        images: uint8 (N, C, H, W), read-only; memory-mapped, so only what is touched is read.
        labels: int64 (N,): 0 normal, 1 abnormal, -1 unknown.
        masks: uint8 (N, H, W) of 0 and 1, read-only and memory-mapped; None where the split has no
            masks.
        ids: N different names, sorted within each class.
        patients: The patient of each of the N images; None where they are not known.
        volumes: The volume of each of the N images: slices of a DICOM series, and slices or frames
            of one file, have the same one, called by its first image or by the file; any other
            image has its own id. None where no image is one of several of a volume.
    """

    name: str
    split: str
    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    masks: NDArray[np.uint8] | None
    ids: tuple[str, ...]
    _files: tuple[str, ...] | None = field(default=None)
    patients: tuple[str, ...] | None = None
    volumes: tuple[str, ...] | None = None

    @cached_property
    def paths(self) -> tuple[Path, ...] | None:
        """Return the file of each image; None for drawn images."""
        return None if self._files is None else tuple(Path(name) for name in self._files)

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> dict[str, Any]:
        item: dict[str, Any] = {
            "image": np.array(self.images[index]),
            "label": int(self.labels[index]),
            "id": self.ids[index],
        }
        if self.masks is not None:
            item["mask"] = np.array(self.masks[index])[None]
        return item

    def __repr__(self) -> str:
        _, channels, height, width = self.images.shape
        counts = [
            f"{int((self.labels == label).sum())} {word}"
            for label, word in ((0, "normal"), (1, "abnormal"), (-1, "unlabeled"))
            if (self.labels == label).any()
        ]
        masks = ", masks" if self.masks is not None else ""
        of = "" if self.patients is None else f", {len(set(self.patients))} patients"
        size = f"{channels}x{height}x{width}"
        return f"ImageSet({self.name}/{self.split}: {' + '.join(counts)}, {size}{masks}{of})"

    def __getstate__(self) -> dict[str, Any]:
        # A worker process gets the names of the mapped files, not their contents.
        state = dict(self.__dict__)
        for key in ("images", "masks"):
            array = state[key]
            if isinstance(array, np.memmap) and array.filename is not None:
                state[key] = Path(array.filename)
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        for key in ("images", "masks"):
            if isinstance(state[key], Path):
                state[key] = np.load(state[key], mmap_mode="r", allow_pickle=False)
        self.__dict__.update(state)
