"""ceae: a context encoder, which fills in a missing patch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from mia_recon.losses.pixel_error import squared_error
from mia_recon.method import Method, MethodInfo, check_counts, error_map
from mia_recon.networks.autoencoder import Sizes, plain_autoencoder

if TYPE_CHECKING:
    from torch import Tensor

    from mia_recon.networks.autoencoder import AutoEncoder

BLACK = -1.0


@dataclass(frozen=True, kw_only=True)
class Options(Sizes):
    """Options of ceae.

    Attributes:
        patch: Side of the missing square for images of 64 pixels; it grows with the image.
    """

    patch: int = 10


def network(in_channels: int, image_size: int, options: Options) -> AutoEncoder:
    """Return the study's autoencoder."""
    check_counts(patch=options.patch)
    if options.patch > 64:
        msg = f"expected patch to be at most 64 (the whole image), got {options.patch}"
        raise ValueError(msg)
    return plain_autoencoder(in_channels, image_size, options)


def loss(
    network: AutoEncoder, x: Tensor, options: Options, generator: torch.Generator
) -> dict[str, Tensor]:
    """Return the mean squared error of the reconstruction of images with a missing patch."""
    side = max(1, round(options.patch * x.shape[-1] / 64))
    return {"loss": squared_error(x, network(without_patch(x, side, generator))).mean()}


def without_patch(x: Tensor, side: int, generator: torch.Generator) -> Tensor:
    """Return images [B, C, S, S] with one square each set to black, its place drawn at random."""
    size = x.shape[-1]
    corner = torch.randint(size - side + 1, (len(x), 2, 1), generator=generator, device=x.device)
    places = torch.arange(size, device=x.device)
    inside = (places >= corner) & (places < corner + side)  # [B, 2, S]: rows, columns
    patch = inside[:, 0, :, None] & inside[:, 1, None, :]
    return x.masked_fill(patch[:, None], BLACK)


METHOD = Method(
    info=MethodInfo(
        name="ceae",
        family="reconstruction",
        summary="context encoder: fills in a missing patch",
        paper="https://arxiv.org/abs/1812.05941",
        image_size=64,
    ),
    options=Options,
    network=network,
    loss=loss,
    anomaly_map=error_map(squared_error),
)
