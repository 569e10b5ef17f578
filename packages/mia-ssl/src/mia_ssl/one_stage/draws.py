"""All that chance decides about a batch's patches, as one table of uniform numbers."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import Tensor

    from mia_ssl.one_stage.options import PatchOptions


@dataclass(frozen=True, kw_only=True)
class Draws:
    """Uniform numbers in [0, 1), float32, for N images with up to K patches of T tries.

    Every image has a row of the table to itself, and every patch and try a place in it. What one
    image meets therefore changes neither how many numbers are drawn nor what another one gets.

    Attributes:
        other: Which other image is the source, [N].
        factor: How strongly the patch is mixed in, [N].
        gate: Whether the patch is tried at all, [N, K].
        size: Two for each of height and width, [N, K, 2, 2].
        scale: How the patch is resized, [N, K].
        source: Row and column that it is cut from, [N, K, T, 2].
        target: Row and column that it is pasted to, [N, K, T, 2].
    """

    other: Tensor
    factor: Tensor
    gate: Tensor
    size: Tensor
    scale: Tensor
    source: Tensor
    target: Tensor

    @classmethod
    def draw(cls, count: int, options: PatchOptions, generator: torch.Generator) -> Draws:
        """Draw the table for ``count`` images, on the generator's device.

        On the CPU its first rows are the same whatever the count.
        """
        patches, tries = options.patches, options.tries
        shapes = {
            "other": (),
            "factor": (),
            "gate": (patches,),
            "size": (patches, 2, 2),
            "scale": (patches,),
            "source": (patches, tries, 2),
            "target": (patches, tries, 2),
        }
        lengths = [torch.Size(shape).numel() for shape in shapes.values()]
        table = torch.rand((count, sum(lengths)), generator=generator, device=generator.device)
        parts = zip(shapes.items(), table.split(lengths, 1), strict=True)
        return cls(**{name: part.reshape(count, *shape) for (name, shape), part in parts})

    def to(self, device: torch.device) -> Draws:
        """The same numbers on another device."""
        return Draws(**{f.name: getattr(self, f.name).to(device) for f in fields(self)})

    def rows(self, chosen: slice) -> Draws:
        """Those of some images."""
        return Draws(**{f.name: getattr(self, f.name)[chosen] for f in fields(self)})


def integer(uniform: Tensor, count: Tensor | int) -> Tensor:
    """Whole numbers 0 ... count - 1, each as likely: int64 of the same shape."""
    # In float64: a float32 just below 1 times the count can round up to the count.
    return (uniform.double() * count).long()
