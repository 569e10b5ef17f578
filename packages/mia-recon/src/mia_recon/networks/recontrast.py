"""Two encoders, one frozen and one trained, whose features are rebuilt from each other's.

Paper: https://arxiv.org/abs/2306.02602
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from mia_recon._engine.seeding import initialize
from mia_recon.networks.reverse_distillation import (
    OneClassEmbedding,
    Student,
    Widths,
    stages_of,
)
from mia_recon.networks.reverse_distillation import (
    draw as draw_student,
)

if TYPE_CHECKING:
    from mia_recon._engine.backbones import Backbone


class ReContrast(nn.Module):
    """A frozen encoder, a trained one, and a decoder with an output for each of them.

    Both encoders start from the same weights. Those of the trained one are read by ``start``, or
    when an untrained network is first evaluated.

    Args:
        backbone: The frozen encoder.

    Raises:
        ValueError: It has no stages of strides 4, 8 and 16.
    """

    is_started: Tensor

    def __init__(self, backbone: Backbone) -> None:
        super().__init__()
        self.backbone = backbone
        self.stages = stages_of(backbone)
        self.encoder = _encoder(backbone, self.stages[-1])
        widths = Widths.of(backbone)
        self.embedding = OneClassEmbedding(widths)
        self.decoder = Student(widths, rectified=True)
        self.to_frozen = nn.ModuleList(nn.Conv2d(n, n, 1) for n in widths.features)
        self.to_trained = nn.ModuleList(nn.Conv2d(n, n, 1) for n in widths.features)
        self.register_buffer("is_started", torch.zeros((), dtype=torch.bool))

    def start(self) -> None:
        """Read the weights that the trained encoder starts from.

        Raises:
            FileNotFoundError: They are not to be had.
            ValueError: A file of another network, or another one than before.
        """
        weights = self.backbone.read().state_dict()
        self.encoder.load_state_dict({name: weights[name] for name in self.encoder.state_dict()})
        self.is_started.fill_(value=True)

    def forward(self, x: Tensor) -> list[tuple[Tensor, Tensor]]:
        """Return features and what the decoder gives for them, of three levels, twice.

        Args:
            x: Images [B, C, S, S] in [-1, 1].

        Returns:
            Six pairs of [B, F, S / stride, S / stride], strides 4, 8 and 16: the frozen encoder's
            features with those rebuilt from the trained one's, then the other way round.
        """
        if not self.training and x.device.type != "meta" and not self.is_started:
            self.start()
        images = (x + 1) / 2
        with torch.no_grad():
            frozen = self.backbone(images, self.stages)
        trained = self.encoder(self.backbone.normalize(images), self.stages)
        both = [torch.cat(pair) for pair in zip(trained, frozen, strict=True)]
        rebuilt = self.decoder(self.embedding(both))
        count = x.shape[0]  # follows the batch in a traced graph, which len(x) does not
        from_trained = [layer(z[:count]) for layer, z in zip(self.to_frozen, rebuilt, strict=True)]
        from_frozen = [layer(z[count:]) for layer, z in zip(self.to_trained, rebuilt, strict=True)]
        return [*zip(frozen, from_trained, strict=True), *zip(trained, from_frozen, strict=True)]


def draw(network: ReContrast, generator: torch.Generator) -> None:
    """Draw the weights of all parts but the encoders."""
    network.to(generator.device)
    for part in (network.embedding, network.decoder):
        draw_student(part, generator)
    for outputs in (network.to_frozen, network.to_trained):
        initialize(outputs, generator)
    network.is_started.fill_(value=False)


def _encoder(backbone: Backbone, last: int) -> nn.Module:
    """Return the backbone's network up to a stage, all of it to be trained."""
    device = torch.empty(0).device  # ``meta`` where only shapes are needed
    encoder = backbone.make(device)
    stages = getattr(encoder, "stages", None)
    if isinstance(stages, nn.ModuleList):  # otherwise its stages cannot be told apart
        del stages[last + 1 :]
    return encoder
