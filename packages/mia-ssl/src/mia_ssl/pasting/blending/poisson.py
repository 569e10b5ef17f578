"""Poisson blending, as OpenCV's seamlessClone does it, of many patches at once.

The gradients of the patch replace those of the image. The change of the image is zero around the
patch, and its Laplacian is the divergence of the change of the gradients.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import torch

from mia_ssl.pasting.blending.laplace import solve
from mia_ssl.pasting.boxes import Boxes
from mia_ssl.pasting.paste_regions import Regions
from mia_ssl.pasting.resampling import resample_padded

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor

    from mia_ssl.pasting.canvas import Canvas
    from mia_ssl.pasting.patches import Patches

EROSION = 3  # pixels that a region's gradients lose on each side
SMALLEST = 50  # pixels of a region; smaller ones are not pasted
# Where two sums come out a hair apart (another batch, other threads), both round alike.
_ROUNDING = 1e-6


def poisson(canvas: Canvas, patches: Patches, *, mixed: bool) -> None:
    """Replace the image's gradients by the patch's, by the share that is the factor.

    Args:
        canvas: What is written into.
        patches: See ``Recipe.blend``.
        mixed: Take a patch's gradient only where it is the stronger one.

    Paper: https://doi.org/10.1145/882262.882269
    """
    for part in patches.in_turn():
        _blend_at_once(canvas, part, mixed=mixed)


def _blend_at_once(canvas: Canvas, patches: Patches, *, mixed: bool) -> None:
    """Blend patches that lie in different images."""
    regions = clone_regions(patches.target)
    large = torch.minimum(regions.height, regions.width) > 2 * EROSION
    chosen = (large & (regions.areas >= SMALLEST)).nonzero().squeeze(1)
    patches, regions = patches[chosen], regions[chosen]
    factor = (canvas.factor[patches.image] * 255).ceil() / 255  # of OpenCV's mask, in bytes
    for group, rows, columns in groups(patches.target):
        part, region = patches[group], Regions(patches.image[group], regions[group])
        pasted = region.cut_padded(canvas.pasted, rows - 2, columns - 2)
        patch = resample_padded(
            canvas.sources, part.origin, part.source, part.target, rows, columns
        )[..., 1:-1, 1:-1]
        change = clone(pasted.float(), patch.float(), region.boxes, factor[group], mixed=mixed)
        inside = pasted[..., 1:-1, 1:-1]
        after = change.add_(inside).add_(_ROUNDING).clamp_(0, 255)
        inside.copy_(after.to(torch.uint8))  # cut off to whole numbers
        region.write_padded(canvas.pasted, pasted)


normal_gradients = partial(poisson, mixed=False)
mixed_gradients = partial(poisson, mixed=True)


def clone_regions(boxes: Boxes) -> Boxes:
    """Return the boxes without their outermost pixels, where OpenCV puts them.

    It halves whole pixels, so that those of odd width land a pixel to the right.
    """
    odd = boxes.width % 2
    return Boxes(boxes.top + 1, boxes.left + 1 + odd, boxes.height - 2, boxes.width - 2)


def groups(boxes: Boxes) -> Iterator[tuple[Tensor, int, int]]:
    """Yield boxes of similar height: their indices, and the largest height and width.

    A group is one padded tensor. Small groups waste less of it on padding, large ones take fewer
    calls: on a CPU calculating is dear, elsewhere calling is.
    """
    size = 8 if boxes.top.device.type == "cpu" else 64
    heights, widths = boxes.height.cpu(), boxes.width.cpu()
    for index in heights.argsort(stable=True).split(size):
        if len(index):
            yield index.to(boxes.top.device), int(heights[index].max()), int(widths[index].max())


def clone(image: Tensor, patch: Tensor, regions: Boxes, factor: Tensor, *, mixed: bool) -> Tensor:
    """Return the change of the image inside its outermost pixels.

    Args:
        image: float32 [C, P, H, W], whole gray levels, padded.
        patch: float32 [C, P, H, W], padded.
        regions: Boxes whose heights and widths are those without the padding, [P].
        factor: Share of the patch's gradients, float32 [P].
        mixed: See ``poisson``.

    Returns:
        float64 [C, P, H - 2, W - 2]; zero in the padding.
    """
    weight = weights(regions, *image.shape[-2:]) * factor[:, None, None]
    step = patch - image
    # Across minus down: (x[r, c + 1] - x[r, c]) - (x[r + 1, c] - x[r, c])
    if mixed:
        weight = weight * (_diagonal(patch).abs_() > _diagonal(image).abs_())
    across = (step[..., :-1, 1:] - step[..., :-1, :-1]).mul_(weight)
    down = (step[..., 1:, :-1] - step[..., :-1, :-1]).mul_(weight)
    divergence = across[..., 1:, 1:] - across[..., 1:, :-1]
    divergence += down[..., 1:, 1:]
    divergence -= down[..., :-1, 1:]
    border = torch.zeros_like(regions.height)
    return solve(divergence, (border, regions.height - 2), (border, regions.width - 2))


def _diagonal(x: Tensor) -> Tensor:
    return x[..., :-1, 1:] - x[..., 1:, :-1]


def weights(regions: Boxes, rows: int, columns: int) -> Tensor:
    """Return 1 inside a region's border of EROSION pixels, 0 elsewhere: bool [P, H - 1, W - 1]."""
    device = regions.height.device
    inside = []
    for length, side in ((rows, regions.height), (columns, regions.width)):
        line = torch.arange(length - 1, device=device)
        inside.append((line >= EROSION) & (line < (side - EROSION)[:, None]))
    down, across = inside
    return down[:, :, None] & across[:, None, :]
