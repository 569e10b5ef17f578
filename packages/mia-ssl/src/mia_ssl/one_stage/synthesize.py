"""From images to images with pasted anomalies, and the label of each pixel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from mia_ssl._engine.options import unknown
from mia_ssl._engine.seeding import generator as seeded
from mia_ssl.boxes import integer
from mia_ssl.foreground import Foreground
from mia_ssl.inputs import as_tensor, sources_like
from mia_ssl.one_stage.canvas import Canvas
from mia_ssl.one_stage.draws import Draws
from mia_ssl.one_stage.geometry import place
from mia_ssl.one_stage.labels import write_label
from mia_ssl.one_stage.methods import RECORDS
from mia_ssl.one_stage.options import PatchOptions

if TYPE_CHECKING:
    from torch import Tensor

    from mia_ssl.one_stage.methods import Method

BATCH = 64  # images at a time: bounds the memory, whatever the user's batch


def synthesize(
    name: str, images: Any, *, seed: int, sources: Any = None, **options: Any
) -> tuple[Tensor, Tensor]:
    """Paste synthetic anomalies into images as a one-stage method does for its training.

    An image in which no patch finds enough foreground comes back as it was, its label zero.

    Args:
        name: One of the one-stage ``METHODS``.
        images: uint8 (N, C, H, W), gray or RGB, sides of 8 pixels or more: array, tensor on any
            device, or map-style dataset.
        seed: The same seed gives the same patches. Image i of a smaller set gets the same as image
            i of a larger one, where ``sources`` are the same too.
        sources: uint8, as ``images``: image i's patches are cut from source i. None: from another
            of ``images``, drawn at random (cutpaste: from the image itself).
        options: Fields of ``PatchOptions`` that the method uses.

    Returns:
        pasted: As ``images``, a tensor on their device.
        label: float32 (N, 1, H, W): in [0, 1], or gray levels for raw intensities.

    Raises:
        TypeError: Images that are not uint8.
        ValueError: An unknown name or option, another shape than said, or nothing to cut from.
    """
    if name not in RECORDS:
        raise unknown("one-stage method", name, RECORDS)
    method = RECORDS[name]
    settings = method.parse(PatchOptions, options)
    images = as_tensor("images", images)
    if sources is not None:
        sources = sources_like(images, sources)
    return paste(method, images, settings, seeded(seed), sources)


def paste(
    method: Method,
    images: Tensor,
    options: PatchOptions,
    generator: torch.Generator,
    sources: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """``synthesize`` with everything checked, drawing from a generator."""
    device = images.device
    if device.type == "mps":  # has no float64, without which a batch's make-up shows in rounding
        there = None if sources is None else sources.cpu()
        pasted, label = paste(method, images.cpu(), options, generator, there)
        return pasted.to(device), label.to(device)
    planes = images.transpose(0, 1).contiguous()
    cut_from = planes if sources is None else sources.transpose(0, 1).contiguous()
    own = Foreground.of(planes, options.foreground_threshold)
    theirs = own if sources is None else Foreground.of(cut_from, options.foreground_threshold)
    pasted = planes.clone()
    label = _zeros((len(images), *images.shape[2:]), device)
    for start in range(0, len(images), BATCH):
        rows = slice(start, min(start + BATCH, len(images)))
        draws = Draws.draw(rows.stop - start, options, generator, device)
        origin = torch.arange(start, rows.stop, device=device)
        if sources is None and method.other:
            origin = another(draws.other, origin, len(images))
        canvas = Canvas(
            pasted=pasted[:, rows],
            mask=own.mask[rows],
            sources=cut_from,
            source_mask=theirs.mask,
            factor=factors(method, draws, options),
        )
        patches = place(method, draws, origin, theirs, own.rows(rows), options)
        for part in patches.in_turn():
            method.blend(canvas, part)
        write_label(label[rows], method.label, planes[:, rows], canvas, patches, options)
    return pasted.transpose(0, 1).contiguous(), label[:, None]


def another(uniform: Tensor, index: Tensor, count: int) -> Tensor:
    """For some of N images one of the other N - 1 each, all as likely: int64 [P].

    ``uniform`` and ``index``, which of the N they are, are [P].
    """
    if count < 2:
        msg = "expected sources, or at least 2 images to cut patches from, got 1 image"
        raise ValueError(msg)
    chosen = integer(uniform, count - 1)
    return chosen + (chosen >= index)


def factors(method: Method, draws: Draws, options: PatchOptions) -> Tensor:
    """How strongly each image's patches are mixed in, float32 [N]."""
    low, high = options.factor_bounds if method.random_factor else (1.0, 1.0)
    return (low + (high - low) * draws.factor).float()


def _zeros(shape: tuple[int, ...], device: torch.device) -> Tensor:
    """Zeros in float32; most of them are never touched."""
    if device.type == "cpu":
        return torch.from_numpy(np.zeros(shape, np.float32))  # the system's own, where it has them
    return torch.zeros(shape, device=device)
