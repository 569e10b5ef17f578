"""The network: a ResNet18 that shrinks the image, and transposed blocks that enlarge it again.

Parameters are named as in the original project's checkpoints, so that it can read them.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from torch import nn
from torch.nn import functional as F
from torchvision.models.resnet import BasicBlock, ResNet

from mia_ssl._engine.seeding import initialize

if TYPE_CHECKING:
    import torch
    from torch import Tensor


class TransposedBlock(nn.Module):
    """A ResNet's basic block that doubles the image: [B, in, H, W] -> [B, out, 2 H, 2 W]."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        double = partial(
            nn.ConvTranspose2d, in_channels, out_channels, stride=2, output_padding=1, bias=False
        )
        self.conv1 = double(kernel_size=3, padding=1)
        self.bn1 = nn.BatchNorm2d(out_channels)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(out_channels)
        self.upsample = nn.Sequential(double(kernel_size=1), nn.BatchNorm2d(out_channels))

    def forward(self, x: Tensor) -> Tensor:
        """Double the image."""
        y = F.relu(self.bn1(self.conv1(x)))
        return F.relu(self.bn2(self.conv2(y)) + self.upsample(x))


class EncoderDecoder(ResNet):
    """A network that predicts the label: [B, C, H, W] in [0, 1] -> logits [B, 1, H, W].

    The encoder shrinks sides 32 times, rounded up; an output that is larger than the image is cut.

    Paper: https://arxiv.org/abs/2109.15222
    """

    def __init__(self, in_channels: int = 1) -> None:
        super().__init__(BasicBlock, [2, 2, 2, 2], num_classes=1)
        del self.fc, self.avgpool
        self.conv1 = nn.Conv2d(in_channels, 64, 7, stride=2, padding=3, bias=False)
        self.nin = nn.Sequential(
            *(nn.Conv2d(512, 256, 1, bias=False), nn.ReLU()),
            *(nn.Conv2d(256, 128, 1, bias=False), nn.ReLU()),
        )
        self.uplayer1 = nn.Sequential(TransposedBlock(128, 64))
        self.uplayer2 = nn.Sequential(TransposedBlock(64, 32))
        self.uplayer3 = nn.Sequential(TransposedBlock(32, 16))
        self.convtranspose1 = nn.ConvTranspose2d(
            16, 1, 7, stride=2, padding=3, output_padding=1, bias=False
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return logits, for ``label_loss`` and ``pixel_scores``."""
        height, width = x.shape[-2:]
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        x = self.uplayer3(self.uplayer2(self.uplayer1(self.nin(x))))
        x = F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=True)
        return self.convtranspose1(x)[..., :height, :width]


def draw_weights(network: EncoderDecoder, generator: torch.Generator) -> None:
    """Draw all weights anew, on the generator's device, as torchvision draws a ResNet's.

    Convolutions by He's rule for ReLU, fan out; the transposed ones, of which torchvision has
    none, as PyTorch draws them.

    Paper: https://arxiv.org/abs/1502.01852
    """
    initialize(network, generator)
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(
                layer.weight, mode="fan_out", nonlinearity="relu", generator=generator
            )
