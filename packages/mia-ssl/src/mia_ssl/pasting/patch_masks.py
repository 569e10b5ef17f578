"""The foreground of patches, at the size at which they are pasted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from mia_ssl.memory import on_cpu
from mia_ssl.pasting.paste_regions import Regions
from mia_ssl.pasting.resampling import resample_mask, resample_padded

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor

    from mia_ssl.pasting.boxes import Boxes


class PatchMasks:
    """Foreground of P patches.

    On a CPU each is an array of its own, because most are views of a source's foreground; elsewhere
    all lie in one padded tensor.

    Args:
        masks: bool arrays [h, w], or uint8 [P, rows, columns] of 0 and 1.
    """

    def __init__(self, masks: list[np.ndarray] | Tensor) -> None:
        self._masks = masks

    @classmethod
    def cut(cls, source_mask: Tensor, origin: Tensor, source: Boxes, target: Boxes) -> PatchMasks:
        """Cut the foreground of patches and resize it, as OpenCV resizes a mask of 0 and 1.

        Args:
            source_mask: Foreground of the sources, uint8 [M, H, W] of 0 and 1.
            origin: The source of each patch, int64 [P].
            source: The boxes that the patches are cut from, [P].
            target: Boxes of the sizes that they get, [P].
        """
        if on_cpu(source_mask):
            whole = source_mask.numpy().view(np.bool_)
            sizes = torch.stack((target.height, target.width), 1).tolist()
            return cls(
                [
                    _resized(whole[image, rows, columns], height, width)
                    for (image, (rows, columns)), (height, width) in zip(
                        source.slices(origin), sizes, strict=True
                    )
                ]
            )
        rows, columns = (int(n.max()) if len(n) else 0 for n in (target.height, target.width))
        padded = resample_padded(source_mask[None], origin, source, target, rows, columns)[0]
        down, across = (
            torch.arange(length, device=side.device) < side[:, None]
            for length, side in ((rows, target.height), (columns, target.width))
        )
        return cls(padded * down[:, :, None] * across[:, None, :])

    def __getitem__(self, index: Tensor | slice) -> PatchMasks:
        """Return some of them."""
        if isinstance(self._masks, list) and not isinstance(index, slice):
            return PatchMasks([self._masks[i] for i in index.tolist()])
        return PatchMasks(self._masks[index])

    def first(
        self, mask: Tensor, image: Tensor, boxes: Boxes, least: float
    ) -> tuple[Tensor, Tensor]:
        """Find the first of several places at which enough of a patch lies on foreground.

        Args:
            mask: Foreground of the images, uint8 [N, H, W].
            image: The image of each patch, int64 [P].
            boxes: Places of the patches, [P, K].
            least: Share of a patch's own foreground, to be exceeded.

        Returns:
            Two tensors [P]: bool, whether there is one, and int64, its number among K.
        """
        if isinstance(self._masks, list):
            chosen = torch.tensor(
                list(_first_of_each(self._masks, mask, image, boxes, least)), dtype=torch.long
            )
            return chosen >= 0, chosen
        rows, columns = self._masks.shape[1:]
        needed = least * self._masks.sum((1, 2))
        good = torch.stack(
            [
                (
                    Regions(image, boxes[:, place]).cut_padded(mask[None], rows, columns)[0]
                    * self._masks
                ).sum((1, 2))
                > needed
                for place in range(boxes.top.shape[1])
            ],
            1,
        )
        return good.any(1), good.byte().argmax(1)

    def write_union(self, out: Tensor, mask: Tensor, image: Tensor, boxes: Boxes) -> None:
        """Write 1 into [N, H, W] where a patch or the image under it is foreground.

        Args:
            out: uint8 [N, H, W].
            mask: Foreground of the images, uint8 [N, H, W].
            image: The image of each patch, int64 [P]; on other devices than the CPU all differ.
            boxes: [P].
        """
        if isinstance(self._masks, list):
            written, own = out.numpy().view(np.bool_), mask.numpy().view(np.bool_)
            for (number, (rows, columns)), patch in zip(
                boxes.slices(image), self._masks, strict=True
            ):
                box = written[number, rows, columns]
                box |= own[number, rows, columns]
                box |= patch
            return
        region = Regions(image, boxes)
        rows, columns = self._masks.shape[1:]
        union = region.cut_padded(torch.stack((out, mask)), rows, columns).amax(0)
        region.write_padded(out[None], (union | self._masks)[None])


def _resized(mask: np.ndarray, height: int, width: int) -> np.ndarray:
    if mask.shape == (height, width):
        return mask
    if mask.all():
        return np.ones((height, width), np.bool_)
    return resample_mask(mask, height, width)


def _first_of_each(
    masks: list[np.ndarray], mask: Tensor, image: Tensor, boxes: Boxes, least: float
) -> Iterator[int]:
    """Yield the number of the place, or -1."""
    whole = mask.numpy().view(np.bool_)
    corners = torch.stack((boxes.top, boxes.left), -1)
    for number, tried, patch in zip(image.tolist(), corners.tolist(), masks, strict=True):
        own, (height, width) = whole[number], patch.shape
        area = np.count_nonzero(patch)
        full = area == height * width
        for place, (top, left) in enumerate(tried):
            box = own[top : top + height, left : left + width]
            if np.count_nonzero(box if full else box & patch) > least * area:
                yield place
                break
        else:
            yield -1
