"""The foreground of patches, at the size at which they are pasted.

On a CPU each patch has an array of its own, because most are views of a source's foreground;
elsewhere all lie in one padded tensor, because there calls are dear.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np
import torch

from mia_ssl.memory import on_cpu
from mia_ssl.pasting.paste_regions import Regions
from mia_ssl.pasting.resampling import resample_masks, resample_padded

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from torch import Tensor

    from mia_ssl.pasting.boxes import Boxes


class PatchMasks(Protocol):
    """Foreground of P patches."""

    def __getitem__(self, index: Tensor | slice) -> PatchMasks:
        """Return some of them."""
        ...

    def first(
        self, mask: Tensor, image: Tensor, boxes: Boxes, least: float
    ) -> tuple[Tensor, Tensor]:
        """Find the first of several places at which enough of a patch lies on foreground.

        Args:
            mask: Foreground of the images, uint8 [N, H, W] of 0 and 1.
            image: The image of each patch, int64 [P].
            boxes: Places of the patches, [P, K].
            least: Share of a patch's own foreground, to be exceeded.

        Returns:
            Two tensors [P]: bool, whether there is one, and int64, its number among K.
        """
        ...

    def write_union(self, out: Tensor, mask: Tensor, image: Tensor, boxes: Boxes) -> None:
        """Write 1 where a patch or the image under it is foreground.

        Args:
            out: uint8 [N, H, W].
            mask: Foreground of the images, uint8 [N, H, W] of 0 and 1.
            image: The image of each patch, int64 [P], all different.
            boxes: [P].
        """
        ...


def cut_masks(source_mask: Tensor, origin: Tensor, source: Boxes, target: Boxes) -> PatchMasks:
    """Cut the foreground of patches and resize it, as OpenCV resizes a mask of 0 and 1.

    Args:
        source_mask: Foreground of the sources, uint8 [M, H, W] of 0 and 1.
        origin: The source of each patch, int64 [P].
        source: The boxes that the patches are cut from, [P].
        target: Boxes of the sizes that they get, [P].
    """
    if on_cpu(source_mask):
        whole = source_mask.numpy().view(np.bool_)
        masks = [whole[image, rows, columns] for image, (rows, columns) in source.slices(origin)]
        return ListedMasks.of(resample_masks(masks, source, target))
    rows, columns = (int(side.max()) if len(side) else 0 for side in (target.height, target.width))
    padded = resample_padded(source_mask[None], origin, source, target, rows, columns)[0]
    down, across = (
        torch.arange(length, device=side.device) < side[:, None]
        for length, side in ((rows, target.height), (columns, target.width))
    )
    return PaddedMasks(padded * down[:, :, None] * across[:, None, :])


class ListedMasks:
    """``PatchMasks`` as bool arrays [h, w]."""

    def __init__(self, masks: list[np.ndarray], areas: list[int]) -> None:
        self._masks = masks
        self._areas = areas

    @classmethod
    def of(cls, masks: list[np.ndarray]) -> ListedMasks:
        """Count the foreground of masks."""
        return cls(masks, [int(np.count_nonzero(mask)) for mask in masks])

    def __getitem__(self, index: Tensor | slice) -> ListedMasks:
        """Return some of them."""
        if isinstance(index, slice):
            return ListedMasks(self._masks[index], self._areas[index])
        chosen = index.tolist()
        return ListedMasks([self._masks[i] for i in chosen], [self._areas[i] for i in chosen])

    def first(
        self, mask: Tensor, image: Tensor, boxes: Boxes, least: float
    ) -> tuple[Tensor, Tensor]:
        """See ``PatchMasks.first``."""
        chosen = torch.tensor([*self._first_of_each(mask, image, boxes, least)], dtype=torch.long)
        return chosen >= 0, chosen

    def _first_of_each(
        self, mask: Tensor, image: Tensor, boxes: Boxes, least: float
    ) -> Iterator[int]:
        """Yield the number of the place, or -1."""
        whole = mask.numpy().view(np.bool_)
        corners = torch.stack((boxes.top, boxes.left), -1).tolist()
        patches = zip(image.tolist(), corners, self._masks, self._areas, strict=True)
        for number, tried, patch, area in patches:
            own, (height, width) = whole[number], patch.shape
            needed, background = least * area, height * width - area
            for place, (top, left) in enumerate(tried):
                box = own[top : top + height, left : left + width]
                shown = np.count_nonzero(box)
                # Pixel by pixel only where the two counts do not settle it.
                if shown > needed and (
                    shown - background > needed or np.count_nonzero(box & patch) > needed
                ):
                    yield place
                    break
            else:
                yield -1

    def unions(
        self, mask: Tensor, places: Sequence[tuple[int, tuple[slice, slice]]]
    ) -> Iterator[np.ndarray | None]:
        """Yield where a patch or the image under it is foreground, [h, w]; None: everywhere.

        Args:
            mask: Foreground of the images, uint8 [N, H, W] of 0 and 1.
            places: (image, (rows, columns)) of each patch.
        """
        own = mask.numpy().view(np.bool_)
        patches = zip(places, self._masks, self._areas, strict=True)
        for (number, (rows, columns)), patch, area in patches:
            yield None if area == patch.size else own[number, rows, columns] | patch

    def write_union(self, out: Tensor, mask: Tensor, image: Tensor, boxes: Boxes) -> None:
        """See ``PatchMasks.write_union``."""
        written = out.numpy().view(np.bool_)
        places = list(boxes.slices(image))
        for (number, (rows, columns)), union in zip(places, self.unions(mask, places), strict=True):
            box = written[number, rows, columns]
            if union is None:
                box[...] = True
            else:
                box |= union


class PaddedMasks:
    """``PatchMasks`` as uint8 [P, rows, columns] of 0 and 1, padded with 0."""

    def __init__(self, masks: Tensor) -> None:
        self._masks = masks

    def __getitem__(self, index: Tensor | slice) -> PaddedMasks:
        """Return some of them."""
        return PaddedMasks(self._masks[index])

    def first(
        self, mask: Tensor, image: Tensor, boxes: Boxes, least: float
    ) -> tuple[Tensor, Tensor]:
        """See ``PatchMasks.first``."""
        size = tuple(self._masks.shape[1:])
        needed = least * self._masks.sum((1, 2), dtype=torch.float64)
        good = []
        for place in range(boxes.top.shape[1]):
            own = Regions(image, boxes[:, place]).cut_padded(mask[None], *size)[0]
            good.append((own * self._masks).sum((1, 2)) > needed)
        enough = torch.stack(good, 1)
        return enough.any(1), enough.byte().argmax(1)

    def write_union(self, out: Tensor, mask: Tensor, image: Tensor, boxes: Boxes) -> None:
        """See ``PatchMasks.write_union``."""
        region = Regions(image, boxes)
        under = region.cut_padded(torch.stack((out, mask)), *self._masks.shape[1:])
        region.write_padded(out[None], (under[0] | under[1] | self._masks)[None])
