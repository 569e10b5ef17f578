"""Training in two stages: a generator against a discriminator, then the encoder alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from mia_recon.method import TrainingTask, normalize

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lightning_fabric import Fabric
    from torch import Tensor, nn

    from mia_recon._engine.settings import Settings
    from mia_recon.method import Loss

BETAS = (0.0, 0.9)


class TwoStageTask(TrainingTask):
    """Training step of a network with ``generator``, ``discriminator`` and ``encoder``.

    The first half of the epochs trains the first two as a Wasserstein GAN, the other half the
    encoder.

    Args:
        loss: The encoder's, see ``Loss``.
        network: The network, on its device.
        options: The method's.
        settings: Settings of the training, with its number of epochs.
        fabric: Device and precision.
    """

    def __init__(
        self, loss: Loss, network: Any, options: Any, settings: Settings, fabric: Fabric
    ) -> None:
        optimizers = {
            "generator": _adam(network.generator, settings.learning_rate),
            "discriminator": _adam(network.discriminator, settings.learning_rate),
            "encoder": _adam(network.encoder, options.encoder_learning_rate),
        }
        super().__init__(
            loss,
            network,
            options,
            settings,
            fabric,
            optimizers=optimizers,
            progress={"done_epochs": 0},
        )
        self.adversarial_epochs = settings.epochs // 2

    @property
    def is_adversarial(self) -> bool:
        """True while the generator and the discriminator are trained, not the encoder."""
        return self.progress["done_epochs"] < self.adversarial_epochs

    def step(self, images: Tensor, generator: torch.Generator) -> dict[str, Tensor]:
        """Take a step on uint8 images [B, C, S, S]; return the terms of the losses.

        In the first stage ``"loss"`` is the generator's, then the encoder's.
        """
        # The trained generator and discriminator stay as they are while the encoder learns.
        self.network.generator.train(self.is_adversarial)
        if self.is_adversarial:
            x = normalize(images)
            return {
                **self._train_discriminator(x, generator),
                **self._train_generator(x, generator),
            }
        losses = self.losses(images, generator)
        self.update("encoder", losses["loss"], self.network.encoder)
        return losses

    def _train_discriminator(self, x: Tensor, generator: torch.Generator) -> dict[str, Tensor]:
        discriminator = self.network.discriminator
        with self.fabric.autocast():
            with torch.no_grad():
                fake = self.network.generator(self._codes(x, generator))
            real_value, fake_value = (discriminator(images).to(x.dtype) for images in (x, fake))
            terms = {
                "distance": (real_value - fake_value).mean(),
                "penalty": gradient_penalty(discriminator, x, fake, generator),
            }
        loss = self.options.penalty_weight * terms["penalty"] - terms["distance"]
        self.update("discriminator", loss, discriminator)
        return {"discriminator_loss": loss, **terms}

    def _train_generator(self, x: Tensor, generator: torch.Generator) -> dict[str, Tensor]:
        with self.fabric.autocast():
            fake = self.network.generator(self._codes(x, generator))
            loss = -self.network.discriminator(fake).to(x.dtype).mean()
        self.update("generator", loss, self.network.generator)
        return {"loss": loss}

    def _codes(self, x: Tensor, generator: torch.Generator) -> Tensor:
        return torch.randn(
            (len(x), self.network.latent),
            generator=generator,
            device=generator.device,
            dtype=x.dtype,
        )

    def end_epoch(self, losses: Mapping[str, float]) -> float:
        """Count the epoch; return its learning rate, which is constant in each stage."""
        trained = "generator" if self.is_adversarial else "encoder"
        self.progress["done_epochs"] += 1
        return self.learning_rate(trained)


def gradient_penalty(
    discriminator: Any, real: Tensor, fake: Tensor, generator: torch.Generator
) -> Tensor:
    """Return how far the discriminator's gradients are from length 1, between images and fakes.

    Paper: https://arxiv.org/abs/1704.00028

    Args:
        discriminator: Images [B, C, S, S] -> [B].
        real: Images [B, C, S, S].
        fake: The same shape.
        generator: Draws a place between each image and its fake, on the device of the images.

    Returns:
        Scalar: the mean of (length - 1)^2.
    """
    share = torch.rand((len(real), 1, 1, 1), generator=generator, device=generator.device)
    between = (share * real + (1 - share) * fake).requires_grad_()
    (gradient,) = torch.autograd.grad(discriminator(between).sum(), [between], create_graph=True)
    return (gradient.flatten(1).norm(dim=1) - 1).square().mean()


def _adam(part: nn.Module, rate: float) -> torch.optim.Adam:
    return torch.optim.Adam(part.parameters(), lr=rate, betas=BETAS, fused=True)
