"""Poisson blending, as OpenCV's seamlessClone does it, of many patches at once.

The gradients of the patch replace those of the image. The change of the image is zero around the
region, and its Laplacian is the divergence of the change of the gradients.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import torch

from mia_ssl.filters.windows import above, box_sums
from mia_ssl.pasting.blending.laplace import solve
from mia_ssl.pasting.paste_regions import Regions
from mia_ssl.pasting.resampling import resampled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor

    from mia_ssl.pasting.boxes import Boxes
    from mia_ssl.pasting.canvas import Canvas
    from mia_ssl.pasting.patches import Patches

EROSION = 3  # pixels that the mask loses on each side
_SMALLEST = 2 * (1 + EROSION) + 1  # of a patch that keeps a pixel inside border and erosion
# Where two sums come out a hair apart (another batch, other threads), both round alike.
_ROUNDING = 0.5 + 1e-6


def poisson(canvas: Canvas, patches: Patches, *, mixed: bool) -> None:
    """Replace the image's gradients by the patch's, by the share that is the factor.

    Args:
        canvas: What is written into.
        patches: In different images.
        mixed: Take a patch's gradient only where it is the stronger one.

    Paper: https://doi.org/10.1145/882262.882269
    """
    for group, rows, columns in groups(patches.target):
        if min(rows, columns) < _SMALLEST:
            continue
        part = patches[group]
        target = Regions(part.image, part.target)
        pasted = target.cut_padded(canvas.pasted, rows, columns)
        patch, patch_mask = resampled(canvas, part, rows, columns)
        where = target.cut_padded(canvas.mask[None], rows, columns)[0] | patch_mask
        _keep_inside(where, part)
        image = pasted.float()
        change = clone(image, patch, where, canvas.factor[part.image], mixed=mixed)
        after = change.add_(image[..., 1:-1, 1:-1]).add_(_ROUNDING).floor_().clamp_(0, 255)
        # A change fades out beyond the mask; background stays as it is all the same.
        inside = pasted[..., 1:-1, 1:-1]
        step = after.to(torch.int16).to(torch.uint8).sub_(inside)  # exact as it wraps
        inside.add_(step.mul_(where[:, 1:-1, 1:-1]))
        target.write_padded(canvas.pasted, pasted)


normal_gradients = partial(poisson, mixed=False)
mixed_gradients = partial(poisson, mixed=True)


def groups(boxes: Boxes) -> Iterator[tuple[Tensor, int, int]]:
    """Yield boxes of similar height: their indices, and the largest height and width.

    A group is one padded tensor. Small groups waste less of it on padding, large ones take fewer
    calls: on a CPU calculating is dear, elsewhere calling is.
    """
    size = 8 if boxes.top.device.type == "cpu" else 64
    heights, widths = boxes.height.cpu(), boxes.width.cpu()
    for index in heights.argsort(stable=True).split(size):
        if not len(index):
            return
        yield index.to(boxes.top.device), int(heights[index].max()), int(widths[index].max())


def clone(image: Tensor, patch: Tensor, mask: Tensor, factor: Tensor, *, mixed: bool) -> Tensor:
    """Return the change of the image inside its outermost pixels.

    Args:
        image: float32 [C, P, H, W], whole gray levels.
        patch: float32 [C, P, H, W].
        mask: 1 where the patch's gradients count, uint8 [P, H, W] of 0 and 1, 0 at the border.
        factor: Share of them, float32 [P].
        mixed: See ``poisson``.

    Returns:
        float64 [C, P, H - 2, W - 2]; zero outside the mask's bounding box.
    """
    weight = eroded(mask)[:, :-1, :-1] * factor[:, None, None]
    step = patch - image
    # Across minus down: (x[r, c + 1] - x[r, c]) - (x[r + 1, c] - x[r, c])
    if mixed:
        weight = weight * (_diagonal(patch).abs_() > _diagonal(image).abs_())
    across = (step[..., :-1, 1:] - step[..., :-1, :-1]).mul_(weight)
    down = (step[..., 1:, :-1] - step[..., :-1, :-1]).mul_(weight)
    divergence = across[..., 1:, 1:] - across[..., 1:, :-1]
    divergence += down[..., 1:, 1:]
    divergence -= down[..., :-1, 1:]
    return solve(divergence, *extents(mask))


def _diagonal(x: Tensor) -> Tensor:
    return x[..., :-1, 1:] - x[..., 1:, :-1]


def eroded(mask: Tensor) -> Tensor:
    """Erode [P, H, W] of 0 and 1 three times by 3 x 3, with zeros outside."""
    size = 2 * EROSION + 1
    count, height, width = mask.shape
    padded = mask.new_zeros(count, height + 2 * EROSION, width + 2 * EROSION)
    padded[:, EROSION:-EROSION, EROSION:-EROSION] = mask
    return above(box_sums(padded, size, size), size * size - 1)


def extents(mask: Tensor) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
    """Return ``_extent`` of the rows and of the columns of uint8 masks [P, H, W]."""
    values = mask.float()  # sums by products: a CPU's reductions of bytes are slow
    rows = values @ values.new_ones(mask.shape[2])
    columns = values.new_ones(mask.shape[1]) @ values
    return _extent(rows > 0), _extent(columns > 0)


def _extent(used: Tensor) -> tuple[Tensor, Tensor]:
    """Return the first used line and the number of lines between it and the last: int64 [P]."""
    places = torch.arange(used.shape[1], device=used.device)
    last = (places * used).amax(1)
    first = torch.where(used, places, used.shape[1]).amin(1)
    return first, (last - first - 1).clamp_(min=0)


def _keep_inside(mask: Tensor, patches: Patches) -> None:
    """Zero the outermost pixels of each patch, and the padding beyond it."""
    rows, columns = (torch.arange(side, device=mask.device) for side in mask.shape[1:])
    height, width = patches.target.height[:, None], patches.target.width[:, None]
    mask *= ((rows > 0) & (rows < height - 1))[:, :, None]
    mask *= ((columns > 0) & (columns < width - 1))[:, None, :]
