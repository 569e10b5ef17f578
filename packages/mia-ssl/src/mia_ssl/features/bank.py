"""Bank of normal patch features: a bounded sample of them, and distances to the nearest."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch

from mia_ssl.densities.modules import in_blocks

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from mia_ssl.features.extract import Features
    from mia_ssl.features.method import NormalImages

_BLOCK = 2**24  # distances held at a time: 64 MB


class Bank(NamedTuple):
    """Patch features of normal images.

    Attributes:
        vectors: float32 [M, D].
        owners: Number of the image that each is of, int64 [M].
    """

    vectors: Tensor
    owners: Tensor


def sample_bank(
    normals: NormalImages,
    size: int,
    vectors_of: Callable[[Features], Tensor],
    generator: torch.Generator,
) -> Bank:
    """Draw patches of the normal images, of each the same number.

    Args:
        normals: Features of the normal images.
        size: Patches in all, at most, but for one of each image at least.
        vectors_of: Returns the cells' vectors, [B, h, w, D].
        generator: Source of the patches' places.
    """
    share = max(size // normals.count, 1)
    vectors, owners = [], []
    for features in normals():
        cells = vectors_of(features).flatten(1, 2)  # [B, P, D]
        count = min(share, cells.shape[1])
        order = torch.rand(cells.shape[:2], generator=generator).argsort(1)[:, :count]
        index = order[..., None].expand(-1, -1, cells.shape[2])
        vectors.append(cells.gather(1, index).flatten(0, 1))
        owners.append(features.numbers.repeat_interleave(count))
    return Bank(torch.cat(vectors), torch.cat(owners))


def nearest_distances(queries: Tensor, bank: Bank, owners: Tensor | None = None) -> Tensor:
    """Return the Euclidean distance of each query to the nearest vector of the bank.

    Args:
        queries: float32 [Q, D].
        bank: The normal vectors.
        owners: Number of the image that each query is of, int64 [Q], whose own vectors do not
            count; None where none is in the bank.

    Returns:
        float32 [Q]; infinite for a query whose image owns all vectors.
    """
    # Products find the nearest vector; counted from the middle of all, they round little.
    middle = bank.vectors.mean(0)
    vectors, queries = bank.vectors - middle, queries - middle
    squares = vectors.square().sum(1)
    size = max(_BLOCK // len(vectors), 1)

    def nearest(part: Tensor, of: Tensor | None = None) -> Tensor:
        apart = torch.addmm(squares, part, vectors.T, alpha=-2)
        if of is not None:
            apart[of[:, None] == bank.owners] = torch.inf
        least, place = apart.min(1)
        distance = (part - vectors[place]).norm(dim=1)
        return torch.where(least.isinf(), torch.inf, distance)

    if owners is None:
        return in_blocks(nearest, queries, size)
    parts = zip(queries.split(size), owners.split(size), strict=True)
    return torch.cat([nearest(part, of) for part, of in parts])


def check_bank_memory(vectors: int, width: int, memory: float) -> None:
    """Refuse a bank that is larger than a memory in GB.

    Raises:
        ValueError: It is larger.
    """
    needed = 4 * vectors * width / 1e9
    if needed > memory:
        msg = (
            f"expected memory of {needed:.3f} GB or more for {vectors} vectors of {width} numbers, "
            f"got {memory}: raise memory or keep fewer vectors"
        )
        raise ValueError(msg)
