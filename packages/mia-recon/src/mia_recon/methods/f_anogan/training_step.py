"""Training in two stages: a generator against a discriminator, then the encoder alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from mia_recon.method import compiled, load_adam, normalize

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lightning_fabric import Fabric
    from torch import Tensor, nn

    from mia_recon._engine.settings import Settings
    from mia_recon.method import Loss

BETAS = (0.0, 0.9)


class TwoStageTask:
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
        self.loss = compiled(loss, settings)
        self.network = network
        self.options = options
        self.fabric = fabric
        self.generator = _adam(network.generator, settings.learning_rate)
        self.discriminator = _adam(network.discriminator, settings.learning_rate)
        self.encoder = _adam(network.encoder, options.encoder_learning_rate)
        self.adversarial_epochs = settings.epochs // 2
        self.done_epochs = 0

    @property
    def is_adversarial(self) -> bool:
        """Whether the generator and the discriminator are trained, not the encoder."""
        return self.done_epochs < self.adversarial_epochs

    def step(self, images: Tensor, generator: torch.Generator) -> dict[str, Tensor]:
        """Take a step on uint8 images [B, C, S, S]; return the terms of the losses.

        In the first stage ``"loss"`` is the generator's, then the encoder's.
        """
        x = normalize(images)
        # The trained generator and discriminator stay as they are while the encoder learns.
        self.network.generator.train(self.is_adversarial)
        if self.is_adversarial:
            return {**self._learn_to_judge(x, generator), **self._learn_to_draw(x, generator)}
        with self.fabric.autocast():
            losses = self.loss(self.network, x, self.options, generator)
        self._update(self.encoder, self.network.encoder, losses["loss"])
        return losses

    def _learn_to_judge(self, x: Tensor, generator: torch.Generator) -> dict[str, Tensor]:
        with self.fabric.autocast():
            with torch.no_grad():
                fake = self.network.generator(self._codes(x, generator))
            judge = self.network.discriminator
            terms = {
                "distance": (judge(x).to(x.dtype) - judge(fake).to(x.dtype)).mean(),
                "penalty": gradient_penalty(judge, x, fake, generator),
            }
        loss = self.options.penalty_weight * terms["penalty"] - terms["distance"]
        self._update(self.discriminator, judge, loss)
        return {"discriminator_loss": loss, **terms}

    def _learn_to_draw(self, x: Tensor, generator: torch.Generator) -> dict[str, Tensor]:
        with self.fabric.autocast():
            fake = self.network.generator(self._codes(x, generator))
            loss = -self.network.discriminator(fake).to(x.dtype).mean()
        self._update(self.generator, self.network.generator, loss)
        return {"loss": loss}

    def _codes(self, x: Tensor, generator: torch.Generator) -> Tensor:
        return torch.randn(
            (len(x), self.network.latent),
            generator=generator,
            device=generator.device,
            dtype=x.dtype,
        )

    def _update(self, optimizer: torch.optim.Adam, part: nn.Module, loss: Tensor) -> None:
        """Take a step of one part, which alone takes the loss's gradient."""
        optimizer.zero_grad()
        self.fabric.backward(loss, inputs=list(part.parameters()))
        optimizer.step()

    def end_epoch(self, losses: Mapping[str, float]) -> float:
        """Count the epoch; return its learning rate, which is constant in each stage."""
        trained = self.generator if self.is_adversarial else self.encoder
        self.done_epochs += 1
        return trained.param_groups[0]["lr"]

    def state_dict(self) -> dict[str, Any]:
        """Return the weights, the three Adams' moments, and the number of epochs that are done."""
        return {
            "network": self.network.state_dict(),
            "generator": self.generator.state_dict(),
            "discriminator": self.discriminator.state_dict(),
            "encoder": self.encoder.state_dict(),
            "done_epochs": self.done_epochs,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore the result of ``state_dict``."""
        self.network.load_state_dict(state["network"])
        load_adam(self.generator, state["generator"])
        load_adam(self.discriminator, state["discriminator"])
        load_adam(self.encoder, state["encoder"])
        self.done_epochs = state["done_epochs"]


def gradient_penalty(judge: Any, real: Tensor, fake: Tensor, generator: torch.Generator) -> Tensor:
    """Return how far the discriminator's gradients are from length 1, between images and fakes.

    Paper: https://arxiv.org/abs/1704.00028

    Args:
        judge: The discriminator, images [B, C, S, S] -> [B].
        real: Images [B, C, S, S].
        fake: The same shape.
        generator: Draws a place between each image and its fake, on the device of the images.

    Returns:
        Scalar: the mean of (length - 1)^2.
    """
    share = torch.rand((len(real), 1, 1, 1), generator=generator, device=generator.device)
    between = (share * real + (1 - share) * fake).requires_grad_()
    (gradient,) = torch.autograd.grad(judge(between).sum(), [between], create_graph=True)
    return (gradient.flatten(1).norm(dim=1) - 1).square().mean()


def _adam(part: nn.Module, rate: float) -> torch.optim.Adam:
    return torch.optim.Adam(part.parameters(), lr=rate, betas=BETAS, fused=True)
