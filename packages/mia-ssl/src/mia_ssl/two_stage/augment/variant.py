"""What one kind of synthetic anomaly is made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from torch import Tensor

    from mia_ssl.two_stage.augment.lungs import LungFields


@dataclass(frozen=True, kw_only=True)
class Canvas:
    """The memory that a variant reads and writes.

    Attributes:
        out: uint8 [B, C, H, W], the images, row after row in memory; what is pasted is written over
            them.
        sources: uint8 [B, C, H, W], where patches are cut from; not the memory of ``out``.
        fields: Where a variant that heeds anatomy may paste; None for the others.
        label: float32 [B, 1, H, W] of zeros that gets the share of each pixel that was pasted;
            None where nobody asks.
    """

    out: Tensor
    sources: Tensor
    fields: LungFields | None = None
    label: Tensor | None = None

    @property
    def height(self) -> int:
        """Of the images, in pixels."""
        return self.out.shape[-2]

    @property
    def width(self) -> int:
        """Of the images, in pixels."""
        return self.out.shape[-1]


class Paste(Protocol):
    """Pastes one patch into each of some images of the canvas."""

    def __call__(self, canvas: Canvas, images: Tensor, uniforms: Tensor, options: Any) -> None:
        """Write into the canvas.

        ``images`` [n] are the indices of the images and ``uniforms`` [n, draws] their random
        numbers in [0, 1), both on the CPU.
        """
        ...


@dataclass(frozen=True, kw_only=True)
class Variant:
    """One kind of synthetic anomaly.

    Attributes:
        draws: Uniform numbers that an image needs.
        paste: See ``Paste``.
    """

    draws: int
    paste: Paste
