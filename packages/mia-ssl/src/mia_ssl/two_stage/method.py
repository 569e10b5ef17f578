"""Records that describe a two-stage method: its facts, its pastes and their options."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from mia_ssl._engine.records import MethodInfo

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from torch import Tensor

    from mia_ssl.pasting.paste_regions import Regions
    from mia_ssl.two_stage.paste_region import PasteRegion

IMAGE_SIZE = 224  # side of the study's images, in pixels


@dataclass(frozen=True, kw_only=True)
class PasteBatch:
    """Images that are pasted into, and the images that patches are cut from.

    Attributes:
        pasted: uint8 [B, C, H, W], contiguous. The images at first; pastes overwrite them.
        sources: uint8 [B, C, H, W]. Patches are cut from these; shares no memory with ``pasted``.
        region: Where each image may be pasted into; None for pastes that may go anywhere.
        label: float32 [B, 1, H, W], zeros at first. Pastes write the pasted share of each pixel;
            None where no label is needed.
    """

    pasted: Tensor
    sources: Tensor
    region: PasteRegion | None = None
    label: Tensor | None = None

    @property
    def height(self) -> int:
        """Height of the images in pixels."""
        return self.pasted.shape[-2]

    @property
    def width(self) -> int:
        """Width of the images in pixels."""
        return self.pasted.shape[-1]

    def cut(self, patches: Regions) -> Tensor:
        """Return the sources' pixels in these boxes, uint8 [C, T]."""
        return patches.cut(self.sources.transpose(0, 1))

    def write(self, patches: Regions, pixels: Tensor, share: Tensor | None = None) -> None:
        """Write pixels into the images, and their share into the label.

        Args:
            patches: Boxes to write into, T pixels in all.
            pixels: uint8 [C, T].
            share: float32 [T] in 0 to 1, how much of each pixel was pasted; None: all of it.
        """
        patches.write(self.pasted.transpose(0, 1), pixels)
        if self.label is not None:
            share = self.label.new_ones(pixels.shape[1]) if share is None else share
            patches.write(self.label.transpose(0, 1), share[None])


class PasteFunction(Protocol):
    """Function that pastes one patch into each of some images of a batch."""

    def __call__(self, batch: PasteBatch, images: Tensor, uniforms: Tensor, options: Any) -> None:
        """Paste into a batch, in place.

        Args:
            batch: Images to change.
            images: Indices of the images that get a patch, int64 [n], on the CPU.
            uniforms: Random numbers in [0, 1), float64 [n, ``Paste.random_numbers``], on the CPU:
                no device is waited for, and a seed pastes the same on all of them.
            options: Record of the paste's options.
        """
        ...


@dataclass(frozen=True, kw_only=True)
class Paste:
    """One kind of synthetic anomaly.

    Attributes:
        apply: Function that pastes it.
        random_numbers: Uniform random numbers that it needs for each image.
    """

    apply: PasteFunction
    random_numbers: int


@dataclass(frozen=True, kw_only=True)
class NoPasteOptions:
    """Options of a method that pastes nothing."""


@dataclass(frozen=True, kw_only=True)
class TwoStageMethod:
    """A two-stage method, as its file in ``methods`` describes it.

    Attributes:
        info: Name, paper and defaults of the training.
        pastes: Kinds of synthetic anomalies. Each becomes a class beside the originals; without
            any, the method is not trained.
        paste_options: Dataclass of the pastes' options, with their defaults.
        find_region: Returns where images, uint8 (N, C, H, W), may be pasted into, by the pastes'
            options; None for pastes that may go anywhere.
        defaults: Values of ``TwoStageOptions`` that differ from its own defaults.
    """

    info: MethodInfo
    pastes: tuple[Paste, ...] = ()
    paste_options: type[Any] = NoPasteOptions
    find_region: Callable[[Tensor, Any], PasteRegion] | None = None
    defaults: Mapping[str, Any] = field(default_factory=dict)

    @property
    def classes(self) -> int:
        """Number of classes that the network tells apart; 0 where it is not trained."""
        return 1 + len(self.pastes) if self.is_trained else 0

    @property
    def is_trained(self) -> bool:
        """True if a network is trained before the density is fitted."""
        return bool(self.pastes)


def two_stage_info(name: str, summary: str, *, paper: str, epochs: int = 100) -> MethodInfo:
    """Return the facts of a method, with what all two-stage methods of the study share."""
    return MethodInfo(
        name=name,
        family="two-stage",
        summary=summary,
        paper=paper,
        image_size=IMAGE_SIZE,
        channels=3,
        epochs=epochs,
        batch_size=64,
        learning_rate=0.03,
        has_map=False,
    )
