"""The random numbers of a batch's patches, all uniform and drawn ahead."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import torch

if TYPE_CHECKING:
    from torch import Tensor

    from mia_ssl.pasting.options import PatchOptions

ROUNDS = (4, 16, 64)  # places tried after each round of a search; the rest comes in one more


@dataclass(frozen=True, kw_only=True)
class RandomNumbers:
    """Uniform numbers in [0, 1), float64, for N images with up to K patches.

    Every image has a row to itself, and every patch and try a place in it. So the patches of one
    image change neither how many numbers are drawn nor the numbers of another one.

    Attributes:
        other: For the choice of the source image, [N].
        factor: For the factor that patches are mixed in by, [N].
        gate: For whether the patch is tried at all, [N, K].
        size: Two for each of height and width, [N, K, 2, 2].
        scale: For the factor that the patch is resized by, [N, K].
        source: For the places to cut it from.
        target: For the places to paste it into.
    """

    other: Tensor
    factor: Tensor
    gate: Tensor
    size: Tensor
    scale: Tensor
    source: Places
    target: Places

    @classmethod
    def draw(
        cls,
        count: int,
        options: PatchOptions,
        generator: torch.Generator,
        device: torch.device | str = "cpu",
    ) -> RandomNumbers:
        """Draw the numbers of ``count`` images and bring them to a device.

        With a generator of the CPU the first images' are the same whatever the count.
        """
        patches = options.patches
        home = generator.device
        seeds = torch.randint(2**62, (2,), generator=generator, device=home).tolist()
        shapes = {
            "other": (),
            "factor": (),
            "gate": (patches,),
            "size": (patches, 2, 2),
            "scale": (patches,),
        }
        lengths = [torch.Size(shape).numel() for shape in shapes.values()]
        table = torch.rand(
            (count, sum(lengths)), generator=generator, device=home, dtype=torch.float64
        ).to(device)
        parts = zip(shapes.items(), table.split(lengths, 1), strict=True)
        source, target = (Places(seed, (count, patches), options.tries, table) for seed in seeds)
        return cls(
            **{name: part.reshape(count, *shape) for (name, shape), part in parts},
            source=source,
            target=target,
        )


class Places:
    """Random rows and columns for every try of every patch, drawn in rounds when first needed.

    Most patches find a place in the first few tries, and 200 for each would cost more than the
    search. Each round has a generator of its own: asking for it changes nothing else.
    """

    def __init__(self, seed: int, shape: tuple[int, int], tries: int, like: Tensor) -> None:
        ends = [0, *(end for end in ROUNDS if end < tries), tries]
        self.lengths = [last - first for first, last in pairwise(ends)]
        self._seed = seed
        self._shape = shape
        self._device = like.device
        self._drawn: dict[int, Tensor] = {}

    def __len__(self) -> int:
        return len(self.lengths)

    def __getitem__(self, number: int) -> Tensor:
        """Return the numbers of one round, float64 [N, K, tries, 2]."""
        if number not in self._drawn:
            shape = (*self._shape, self.lengths[number], 2)
            # NumPy draws them several times faster than torch, and they are many.
            drawn = np.random.default_rng((self._seed, number)).random(shape)
            self._drawn[number] = torch.from_numpy(drawn).to(self._device)
        return self._drawn[number]
