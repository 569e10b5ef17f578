"""Synthetic anomalies alone, to look at them or to train other networks."""

from __future__ import annotations

import dataclasses
from itertools import chain
from typing import TYPE_CHECKING, Any

import torch

from mia_ssl._engine.options import check_counts, parse_options, unknown
from mia_ssl._engine.seeding import generator
from mia_ssl.inputs import as_tensor, sources_like
from mia_ssl.two_stage.method import PasteBatch
from mia_ssl.two_stage.methods import RECORDS
from mia_ssl.two_stage.paste_region import PasteRegion

if TYPE_CHECKING:
    from torch import Tensor

    from mia_ssl.two_stage.method import TwoStageMethod

SYNTHESES = tuple(name for name, method in RECORDS.items() if method.is_trained)


def synthesize(
    name: str,
    images: Any,
    *,
    seed: int,
    sources: Any = None,
    region_masks: Any = None,
    batch_size: int = 64,
    **options: Any,
) -> tuple[Tensor, Tensor]:
    """Paste synthetic anomalies into images as the training of a method does.

    Args:
        name: One of ``SYNTHESES``.
        images: uint8 (N, C, H, W), gray or RGB, sides of 8 pixels or more: array, tensor on any
            device, or map-style dataset.
        seed: Random seed; the result depends on neither the batch size nor the device.
        sources: uint8 (N, C, H, W) that the patches are cut from; None for the images themselves.
        region_masks: (N, H, W), above 0 where ``anatpaste``, and it alone, may paste; None for its
            option ``paste_region``.
        batch_size: Images at a time.
        options: Fields of the method's paste options.

    Returns:
        pasted: uint8 (N, C, H, W), on the images' device.
        label: float32 (N, 1, H, W), the pasted share of each pixel: 0 or 1, in ``anatpaste`` also
            between. Of ``cutpaste-3way-2stage`` both are (2 N, ...): all images with a rectangle,
            then all with a scar.

    Raises:
        TypeError: Images that are not uint8.
        ValueError: An unknown name or option, or shapes that do not fit.
    """
    if name not in SYNTHESES:
        raise unknown("synthesis", name, SYNTHESES)
    check_counts(batch_size=batch_size)
    method = RECORDS[name]
    paste_options = parse_options(method.paste_options, options, owner=name)
    if region_masks is not None and method.find_region is None:
        known = [field.name for field in dataclasses.fields(method.paste_options)]
        raise unknown(f"option of {name}", "region_masks", known)
    whole = as_tensor("images", images)
    cut_from = whole if sources is None else sources_like(whole, sources)
    given = None
    if region_masks is not None:
        given = PasteRegion.from_masks(region_masks, tuple(whole.shape))
    uniforms = _uniforms(method, len(whole), seed)
    pasted: list[list[Tensor]] = [[] for _ in method.pastes]
    labels: list[list[Tensor]] = [[] for _ in method.pastes]
    for index in torch.arange(len(whole)).split(batch_size):
        part = slice(int(index[0]), int(index[-1]) + 1)
        region = None
        if given is not None:
            region = given.take(index)
        elif method.find_region is not None:
            region = method.find_region(whole[part], paste_options)
        for number, kind in enumerate(method.pastes):
            label = torch.zeros(len(index), 1, *whole.shape[2:], device=whole.device)
            copy = whole[part].clone(memory_format=torch.contiguous_format)
            batch = PasteBatch(pasted=copy, sources=cut_from[part], region=region, label=label)
            kind.apply(batch, torch.arange(len(index)), uniforms[number][part], paste_options)
            pasted[number].append(copy)
            labels[number].append(label)
    copies, shares = (torch.cat([*chain.from_iterable(parts)]) for parts in (pasted, labels))
    return copies, shares


def _uniforms(method: TwoStageMethod, count: int, seed: int) -> list[Tensor]:
    """Draw each paste's random numbers for all images, so that the batch size changes nothing."""
    return [
        torch.rand(
            count, kind.random_numbers, generator=generator(seed, number), dtype=torch.float64
        )
        for number, kind in enumerate(method.pastes)
    ]
