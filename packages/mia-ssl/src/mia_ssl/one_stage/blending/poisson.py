"""Patches whose gradients go into the image, as OpenCV's seamlessClone does it, by the batch.

What is solved for is the change of the image: it is zero around the region, and its Laplacian is
the divergence of how the gradients change.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import torch

from mia_ssl.filters.windows import above, box_sums
from mia_ssl.one_stage.blending.laplace import solve
from mia_ssl.one_stage.canvas import groups
from mia_ssl.one_stage.resampling import resampled
from mia_ssl.regions import Regions

if TYPE_CHECKING:
    from torch import Tensor

    from mia_ssl.one_stage.canvas import Canvas
    from mia_ssl.one_stage.patches import Patches

EROSION = 3  # pixels that the mask loses on each side
_SMALLEST = 2 * (1 + EROSION) + 1  # of a patch that keeps a pixel inside border and erosion
# Where two sums come out a hair apart (another batch, other threads), both round alike.
_ROUNDING = 0.5 + 1e-6


def poisson(canvas: Canvas, patches: Patches, *, mixed: bool) -> None:
    """The patch's gradients take the place of the image's, by the share that the factor says.

    Args:
        canvas: See there.
        patches: See there.
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


def clone(image: Tensor, patch: Tensor, mask: Tensor, factor: Tensor, *, mixed: bool) -> Tensor:
    """How the image changes inside its outermost pixels.

    Args:
        image: float32 [C, P, H, W], whole gray levels.
        patch: float32 [C, P, H, W].
        mask: Where to take the patch's gradients, uint8 [P, H, W] of 0 and 1, 0 at the border.
        factor: How much of them, float32 [P].
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
    """[P, H, W] of 0 and 1, eroded three times by 3 x 3 with zeros outside."""
    size = 2 * EROSION + 1
    count, height, width = mask.shape
    padded = mask.new_zeros(count, height + 2 * EROSION, width + 2 * EROSION)
    padded[:, EROSION:-EROSION, EROSION:-EROSION] = mask
    return above(box_sums(padded, size, size), size * size - 1)


def extents(mask: Tensor) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
    """Bounding boxes of uint8 masks [P, H, W]: see ``_extent``, of the rows and of the columns."""
    values = mask.float()  # sums by products: a CPU's reductions of bytes are slow
    rows = values @ values.new_ones(mask.shape[2])
    columns = values.new_ones(mask.shape[1]) @ values
    return _extent(rows > 0), _extent(columns > 0)


def _extent(used: Tensor) -> tuple[Tensor, Tensor]:
    """First used line, and how many lie between it and the last one: [P, L] -> int64 [P]."""
    places = torch.arange(used.shape[1], device=used.device)
    last = (places * used).amax(1)
    first = torch.where(used, places, used.shape[1]).amin(1)
    return first, (last - first - 1).clamp_(min=0)


def _keep_inside(mask: Tensor, patches: Patches) -> None:
    """Zero the outermost pixels of each patch, and what the window holds beyond it."""
    rows, columns = (torch.arange(side, device=mask.device) for side in mask.shape[1:])
    height, width = patches.target.height[:, None], patches.target.width[:, None]
    mask *= ((rows > 0) & (rows < height - 1))[:, :, None]
    mask *= ((columns > 0) & (columns < width - 1))[:, None, :]
