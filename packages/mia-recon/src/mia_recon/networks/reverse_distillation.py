"""A frozen network, and a student that rebuilds its features from a narrow code.

Paper: https://arxiv.org/abs/2201.10703
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mia_recon._engine.seeding import initialize

if TYPE_CHECKING:
    from mia_recon._engine.backbones import Backbone

STRIDES = (4, 8, 16)  # of the teacher's stages that the student rebuilds
CODE_STRIDE = 32
CODE_BLOCKS = 3
STUDENT_BLOCKS = (6, 4, 3)  # of each stride; they mirror a ResNet50
# Inner width of the blocks, as a share of their outer width. That of the teacher's own blocks where
# the original has such a teacher; the channels of other networks are too few to be narrowed.
_INNER = {"wide_resnet50_2": 0.5, "resnet50": 0.25}
# Networks whose stages end with a ReLU. The student's stages do too, or else it could not give the
# negative features of the others.
_RECTIFIED = ("resnet18", "resnet50", "wide_resnet50_2")


def check_image_size(image_size: int) -> None:
    """Raise ValueError for images that have no whole number of cells in the code."""
    if image_size % CODE_STRIDE:
        msg = f"expected image_size to be a multiple of {CODE_STRIDE}, got {image_size}"
        raise ValueError(msg)


class ReverseDistillation(nn.Module):
    """A frozen teacher and its student.

    Args:
        backbone: The teacher.

    Raises:
        ValueError: It has no stages of the strides that are needed.
    """

    def __init__(self, backbone: Backbone) -> None:
        super().__init__()
        self.backbone = backbone
        self.stages = stages_of(backbone)
        widths = Widths.of(backbone)
        self.embedding = OneClassEmbedding(widths)
        self.student = Student(widths, rectified=ends_with_relu(backbone))

    def forward(self, x: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        """Return the teacher's and the student's features.

        Args:
            x: Images [B, C, S, S] in [-1, 1].

        Returns:
            Features of strides 4, 8 and 16, [B, F, S / stride, S / stride] each, twice.
        """
        with torch.no_grad():
            features = self.backbone((x + 1) / 2, self.stages)
        return features, self.student(self.embedding(features))


class Widths(NamedTuple):
    """Channels of a student's layers.

    Attributes:
        features: Of the teacher's features of strides 4, 8 and 16.
        code: Of the code.
        inner: Inside the blocks, as a share of those outside.
    """

    features: tuple[int, ...]
    code: int
    inner: float

    @classmethod
    def of(cls, backbone: Backbone) -> Widths:
        """Return those that fit a teacher."""
        features = tuple(backbone.channels[stage] for stage in stages_of(backbone))
        code = _code_channels(backbone, features[-1])
        return cls(features, code, _INNER.get(backbone.name, 1.0))


class OneClassEmbedding(nn.Module):
    """Joins the teacher's features of three strides and narrows them to a code of stride 32."""

    def __init__(self, widths: Widths) -> None:
        super().__init__()
        first, second, third = widths.features
        self.from_first = nn.Sequential(*_halve(first, second), *_halve(second, third))
        self.from_second = nn.Sequential(*_halve(second, third))
        self.blocks = _stage(
            3 * third, widths.code, widths.inner, CODE_BLOCKS, resize="down", rectified=True
        )

    def forward(self, features: list[Tensor]) -> Tensor:
        """Return the code [B, code, S/32, S/32] of features of strides 4, 8 and 16."""
        first, second, third = features
        return self.blocks(torch.cat([self.from_first(first), self.from_second(second), third], 1))


class Student(nn.ModuleList):
    """Stages of blocks that rebuild features of strides 4, 8 and 16 from the code.

    Args:
        widths: Channels.
        rectified: Whether each stage ends with a ReLU.
    """

    def __init__(self, widths: Widths, *, rectified: bool) -> None:
        sides = pairwise([*widths.features, widths.code])
        super().__init__(
            _stage(before, after, widths.inner, blocks, resize="up", rectified=rectified)
            for (after, before), blocks in zip(sides, STUDENT_BLOCKS, strict=True)
        )

    def forward(self, code: Tensor) -> list[Tensor]:
        """Return the features of strides 4, 8 and 16 of a code [B, F, S/32, S/32]."""
        rebuilt = []
        for stage in reversed(self):
            code = stage(code)
            rebuilt.append(code)
        return rebuilt[::-1]


class Bottleneck(nn.Module):
    """Residual block of convolutions 1 x 1, 3 x 3 and 1 x 1.

    Args:
        before: Channels of the input.
        after: Channels of the output.
        inner: Channels in between.
        resize: ``"down"`` halves the grid, ``"up"`` doubles it, ``"keep"`` keeps it.
        rectified: Whether the output goes through a ReLU.
    """

    def __init__(
        self, before: int, after: int, inner: int, *, resize: str = "keep", rectified: bool = True
    ) -> None:
        super().__init__()
        self.rectified = rectified
        self.body = nn.Sequential(
            *_conv(before, inner, 1),
            nn.ReLU(inplace=True),
            *_middle(inner, resize),
            nn.ReLU(inplace=True),
            *_conv(inner, after, 1),
        )
        self.shortcut = _shortcut(before, after, resize)

    def forward(self, x: Tensor) -> Tensor:
        """Return features [B, after, h, w] of features [B, before, H, W]."""
        y = self.body(x) + self.shortcut(x)
        return F.relu(y) if self.rectified else y


def draw(network: nn.Module, generator: torch.Generator) -> None:
    """Draw a student's weights: convolutions from He's distribution by their fan out.

    Transposed convolutions keep PyTorch's default, as in the original.

    Paper: https://arxiv.org/abs/1502.01852
    """
    initialize(network, generator)
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(
                layer.weight, mode="fan_out", nonlinearity="relu", generator=generator
            )


def ends_with_relu(backbone: Backbone) -> bool:
    """Return whether the stages of a backbone end with a ReLU."""
    return backbone.name in _RECTIFIED


def stages_of(backbone: Backbone) -> list[int]:
    """Return the numbers of the stages of strides 4, 8 and 16; of several the last.

    Raises:
        ValueError: The network has no stage of one of them.
    """
    last = {stride: number for number, stride in enumerate(backbone.strides)}
    if any(stride not in last for stride in STRIDES):
        msg = f"expected a backbone with stages of strides {STRIDES}, got {backbone.name!r} "
        msg += f"with strides {backbone.strides}"
        raise ValueError(msg)
    return [last[stride] for stride in STRIDES]


def _code_channels(backbone: Backbone, widest: int) -> int:
    """Return the channels of the code: those of the teacher's own stage of stride 32."""
    for channels, stride in zip(backbone.channels, backbone.strides, strict=True):
        if stride == CODE_STRIDE:
            return channels
    return 2 * widest


def _stage(
    before: int, after: int, inner: float, blocks: int, *, resize: str, rectified: bool
) -> nn.Sequential:
    """Return blocks of which the first resizes; ``rectified`` is that of the last."""
    width = round(inner * after)
    layers = [
        Bottleneck(
            before if n == 0 else after,
            after,
            width,
            resize=resize if n == 0 else "keep",
            rectified=rectified or n < blocks - 1,
        )
        for n in range(blocks)
    ]
    return nn.Sequential(*layers)


def _conv(before: int, after: int, kernel: int, stride: int = 1) -> list[nn.Module]:
    layer = nn.Conv2d(before, after, kernel, stride, padding=kernel // 2, bias=False)
    return [layer, nn.BatchNorm2d(after)]


def _double(before: int, after: int) -> list[nn.Module]:
    return [nn.ConvTranspose2d(before, after, 2, stride=2, bias=False), nn.BatchNorm2d(after)]


def _halve(before: int, after: int) -> list[nn.Module]:
    return [*_conv(before, after, 3, stride=2), nn.ReLU(inplace=True)]


def _middle(channels: int, resize: str) -> list[nn.Module]:
    if resize == "up":
        return _double(channels, channels)
    return _conv(channels, channels, 3, stride=2 if resize == "down" else 1)


def _shortcut(before: int, after: int, resize: str) -> nn.Module:
    if resize == "up":
        return nn.Sequential(*_double(before, after))
    if resize == "down" or before != after:
        return nn.Sequential(*_conv(before, after, 1, stride=2 if resize == "down" else 1))
    return nn.Identity()
