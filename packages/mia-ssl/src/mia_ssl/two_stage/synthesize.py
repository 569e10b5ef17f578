"""The synthetic anomalies alone, for looking at them and for other people's networks."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from mia_ssl._engine.images import ImageSource
from mia_ssl._engine.options import check_positive, parse_options, unknown
from mia_ssl._engine.seeding import generator
from mia_ssl.two_stage.augment.lungs import LungFields, as_fields
from mia_ssl.two_stage.augment.variant import Canvas
from mia_ssl.two_stage.methods import TABLE

if TYPE_CHECKING:
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
) -> tuple[Any, Any]:
    """Paste synthetic anomalies into images as the training of a method does.

    Args:
        name: One of ``SYNTHESES``.
        images: uint8 (N, C, H, W), array or tensor; the pastes are made on a tensor's device.
        seed: Of all that is drawn; the same whatever the batch size and the device.
        sources: uint8 (N, C, H, W) that the patches are cut from; None for the images.
        fields: (N, H, W), above 0 where ``anatpaste`` may paste; None for its option ``field``.
        batch_size: Images at a time.
        options: Those of what the method pastes.

    Returns:
        pasted uint8 (N, C, H, W), and label float32 (N, 1, H, W): which share of each pixel was
        pasted (0 or 1, but for ``anatpaste``). Of ``cutpaste-3way-2stage`` both are (2 N, ...): all
        images with a rectangle, then all with a scar. Arrays for an array, tensors for a tensor.

    Raises:
        TypeError: Images that are not uint8.
        ValueError: An unknown name or option, or shapes that do not fit.
    """
    if name not in SYNTHESES:
        raise unknown("synthesis", name, SYNTHESES)
    check_positive(batch_size=batch_size)
    method = TABLE[name]
    settings = parse_options(method.pasting, options, owner=name)
    whole = _tensor(images)
    cut_from = whole if sources is None else _tensor(sources)
    if cut_from.shape != whole.shape:
        msg = f"expected sources of shape {tuple(whole.shape)}, got {tuple(cut_from.shape)}"
        raise ValueError(msg)
    masks = None if fields is None else as_fields(fields, tuple(whole.shape))
    uniforms = _uniforms(method, len(whole), seed)
    pasted: list[list[torch.Tensor]] = [[] for _ in method.variants]
    labels: list[list[torch.Tensor]] = [[] for _ in method.variants]
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
            canvas = Canvas(
                out=whole[part].clone(), sources=cut_from[part], fields=part_fields, label=label
            )
            variant.paste(canvas, torch.arange(len(index)), uniforms[number][part], settings)
            pasted[number].append(canvas.out)
            labels[number].append(label)
    copies, shares = (torch.cat([*chain.from_iterable(kind)]) for kind in (pasted, labels))
    if isinstance(images, torch.Tensor):
        return copies, shares
    return copies.numpy(), shares.numpy()


def _tensor(images: Any) -> torch.Tensor:
    ImageSource(images)  # refuses what is not uint8 (N, C, H, W)
    whole = getattr(images, "images", images)
    return whole if isinstance(whole, torch.Tensor) else torch.from_numpy(np.array(whole))


def _uniforms(method: Method, count: int, seed: int) -> list[torch.Tensor]:
    """Each variant's numbers for all images, so that the batch size changes nothing."""
    return [
        torch.rand(count, variant.draws, generator=generator(seed, number), dtype=torch.float64)
        for number, variant in enumerate(method.variants)
    ]
