"""GANomaly's generator and discriminator."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn
from torch.nn import functional as F

from mia_recon.networks.autoencoder import decoder, encoder, to_grid

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from mia_recon.networks.autoencoder import Shape


class ImageNorm(nn.BatchNorm2d):
    """BatchNorm that, in evaluation mode, normalizes each image by its own statistics.

    BatchNorm in training mode does the same to a batch of one, but changes its buffers.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Normalize images [B, C, H, W]; in evaluation mode, of more than one pixel."""
        if self.training:
            return super().forward(x)
        return F.instance_norm(x, weight=self.weight, bias=self.bias, eps=self.eps)


class Ganomaly(nn.Module):
    """Encoder, decoder, a second encoder, and a discriminator.

    Args:
        shape: The sizes.
        norm: Normalization of the blocks.
    """

    def __init__(self, shape: Shape, norm: Callable[[int], nn.Module]) -> None:
        super().__init__()
        self.generator = Generator(shape, norm)
        self.discriminator = Discriminator(shape, norm)


class Generator(nn.Module):
    """Encoder, decoder, and a second encoder for the reconstruction."""

    def __init__(self, shape: Shape, norm: Callable[[int], nn.Module]) -> None:
        super().__init__()
        self.encoder = _code_encoder(shape, norm)
        self.decoder = nn.Sequential(
            _linear(shape.latent, shape.hidden, shape.features),
            to_grid(shape),
            decoder(shape, norm=norm),
        )
        self.second_encoder = _code_encoder(shape, norm)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return code [B, latent], reconstruction [B, C, S, S] and its code [B, latent]."""
        code = self.encoder(x)
        reconstruction = self.decoder(code)
        return code, reconstruction, self.second_encoder(reconstruction)


class Discriminator(nn.Module):
    """Classifier of real images and reconstructions."""

    def __init__(self, shape: Shape, norm: Callable[[int], nn.Module]) -> None:
        super().__init__()
        self.encoder = nn.Sequential(*encoder(shape, norm), nn.Flatten())
        self.features = nn.Sequential(
            nn.Linear(shape.features, shape.hidden), nn.ReLU(inplace=True)
        )
        self.classifier = nn.Linear(shape.hidden, 1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return the logit of being real, [B, 1], and the features [B, hidden]."""
        features = self.features(self.encoder(x))
        return self.classifier(features), features


def _code_encoder(shape: Shape, norm: Callable[[int], nn.Module]) -> nn.Sequential:
    """Return an encoder, [B, C, S, S] -> code [B, latent]."""
    return nn.Sequential(
        encoder(shape, norm),
        nn.Flatten(),
        _linear(shape.features, shape.hidden, shape.latent),
    )


def _linear(in_features: int, hidden: int, out_features: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(in_features, hidden), nn.ReLU(inplace=True), nn.Linear(hidden, out_features)
    )
