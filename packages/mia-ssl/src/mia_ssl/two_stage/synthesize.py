"""The synthetic anomalies alone, for looking at them and for other people's networks."""

from __future__ import annotations

import dataclasses
from itertools import chain
from typing import TYPE_CHECKING, Any

import torch

from mia_ssl._engine.options import check_counts, parse_options, unknown
from mia_ssl._engine.seeding import generator
from mia_ssl.inputs import as_tensor, sources_like
from mia_ssl.two_stage.augment.lungs import LungFields, as_fields
from mia_ssl.two_stage.augment.variant import Canvas
from mia_ssl.two_stage.methods import TABLE

if TYPE_CHECKING:
    from torch import Tensor

    from mia_ssl.two_stage.methods import Method

SYNTHESES = tuple(name for name, method in TABLE.items() if method.is_trained)


def synthesize(
    name: str,
    images: Any,
    *,
    seed: int,
    sources: Any = None,
    fields: Any = None,
    batch_size: int = 64,
    **options: Any,
) -> tuple[Tensor, Tensor]:
    """Paste synthetic anomalies into images as the training of a method does.

    Args:
        name: One of ``SYNTHESES``.
        images: uint8 (N, C, H, W), gray or RGB, sides of 8 pixels or more: array, tensor on any
            device, or map-style dataset.
        seed: Of all that is drawn; the same whatever the batch size and the device.
        sources: uint8 (N, C, H, W) that the patches are cut from; None for the images themselves.
        fields: (N, H, W), above 0 where ``anatpaste``, and it alone, may paste; None for its option
            ``field``.
        batch_size: Images at a time.
        options: Those of what the method pastes.

    Returns:
        pasted uint8 (N, C, H, W), and label float32 (N, 1, H, W): which share of each pixel was
        pasted (0 or 1, but for ``anatpaste``). Of ``cutpaste-3way-2stage`` both are (2 N, ...): all
        images with a rectangle, then all with a scar. On the images' device.

    Raises:
        TypeError: Images that are not uint8.
        ValueError: An unknown name or option, or shapes that do not fit.
    """
    if name not in SYNTHESES:
        raise unknown("synthesis", name, SYNTHESES)
    check_counts(batch_size=batch_size)
    method = TABLE[name]
    settings = parse_options(method.pasting, options, owner=name)
    if fields is not None and not method.needs_fields:
        known = [field.name for field in dataclasses.fields(method.pasting)]
        raise unknown(f"option of {name}", "fields", known)
    whole = as_tensor("images", images)
    cut_from = whole if sources is None else sources_like(whole, sources)
    masks = None if fields is None else as_fields(fields, tuple(whole.shape))
    uniforms = _uniforms(method, len(whole), seed)
    pasted: list[list[Tensor]] = [[] for _ in method.variants]
    labels: list[list[Tensor]] = [[] for _ in method.variants]
    for index in torch.arange(len(whole)).split(batch_size):
        part = slice(int(index[0]), int(index[-1]) + 1)
        part_fields = None
        if method.needs_fields:
            if masks is None:
                part_fields = LungFields.of(whole[part], settings.field)
            else:
                part_fields = masks.take(index)
        for number, variant in enumerate(method.variants):
            label = torch.zeros(len(index), 1, *whole.shape[2:], device=whole.device)
            out = whole[part].clone(memory_format=torch.contiguous_format)
            canvas = Canvas(out=out, sources=cut_from[part], fields=part_fields, label=label)
            variant.paste(canvas, torch.arange(len(index)), uniforms[number][part], settings)
            pasted[number].append(canvas.out)
            labels[number].append(label)
    copies, shares = (torch.cat([*chain.from_iterable(kind)]) for kind in (pasted, labels))
    return copies, shares


def _uniforms(method: Method, count: int, seed: int) -> list[Tensor]:
    """Each variant's numbers for all images, so that the batch size changes nothing."""
    return [
        torch.rand(count, variant.draws, generator=generator(seed, number), dtype=torch.float64)
        for number, variant in enumerate(method.variants)
    ]
