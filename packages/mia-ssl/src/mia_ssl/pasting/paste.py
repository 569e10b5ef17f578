"""The way of a batch: draw, find places, blend patch after patch, label."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from mia_ssl.memory import zeros
from mia_ssl.pasting.boxes import integer
from mia_ssl.pasting.canvas import Canvas
from mia_ssl.pasting.foreground import Foreground
from mia_ssl.pasting.geometry import place
from mia_ssl.pasting.labels import write_label
from mia_ssl.pasting.random_numbers import RandomNumbers

if TYPE_CHECKING:
    from torch import Tensor

    from mia_ssl.pasting.options import PatchOptions
    from mia_ssl.pasting.recipe import Recipe

BATCH = 64  # images at a time: bounds the memory, whatever the user's batch


def paste(
    recipe: Recipe,
    images: Tensor,
    options: PatchOptions,
    generator: torch.Generator,
    sources: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """Paste synthetic anomalies into images and label their pixels.

    Args:
        recipe: What is pasted and how.
        images: uint8 [N, C, H, W].
        options: See there.
        generator: Of all that is drawn.
        sources: uint8 [N, C, H, W], what the patches of each image are cut from; None: another one
            of ``images``, or the image itself.

    Returns:
        Pasted images, uint8 [N, C, H, W], and label, float32 [N, 1, H, W].
    """
    device = images.device
    if device.type == "mps":  # has no float64, without which a batch's make-up shows in rounding
        there = None if sources is None else sources.cpu()
        pasted, label = paste(recipe, images.cpu(), options, generator, there)
        return pasted.to(device), label.to(device)
    planes = images.transpose(0, 1).contiguous()
    cut_from = planes if sources is None else sources.transpose(0, 1).contiguous()
    own = Foreground.of(planes, options.foreground_threshold)
    theirs = own if sources is None else Foreground.of(cut_from, options.foreground_threshold)
    pasted = planes.clone()
    label = zeros((len(images), *images.shape[2:]), device)
    for start in range(0, len(images), BATCH):
        rows = slice(start, min(start + BATCH, len(images)))
        numbers = RandomNumbers.draw(rows.stop - start, options, generator, device)
        origin = torch.arange(start, rows.stop, device=device)
        if sources is None and recipe.from_other_image:
            origin = another(numbers.other, origin, len(images))
        canvas = Canvas(
            pasted=pasted[:, rows],
            mask=own.mask[rows],
            sources=cut_from,
            source_mask=theirs.mask,
            factor=factors(recipe, numbers, options),
        )
        patches = place(recipe, numbers, origin, theirs, own.rows(rows), options)
        recipe.blend(canvas, patches)
        write_label(label[rows], recipe, planes[:, rows], canvas, patches, options)
    return pasted.transpose(0, 1).contiguous(), label[:, None]


def another(uniform: Tensor, index: Tensor, count: int) -> Tensor:
    """Return one of the other N - 1 images for some of N, each as likely: int64 [P].

    Args:
        uniform: Numbers in [0, 1), [P].
        index: Which of the N images each is for, int64 [P].
        count: N.

    Raises:
        ValueError: There is no other image.
    """
    if count < 2:
        msg = "expected sources, or at least 2 images to cut patches from, got 1 image"
        raise ValueError(msg)
    chosen = integer(uniform, count - 1)
    return chosen + (chosen >= index)


def factors(recipe: Recipe, numbers: RandomNumbers, options: PatchOptions) -> Tensor:
    """Return how strongly each image's patches are mixed in, float32 [N]."""
    low, high = options.factor_bounds if recipe.random_factor else (1.0, 1.0)
    return (low + (high - low) * numbers.factor).float()
