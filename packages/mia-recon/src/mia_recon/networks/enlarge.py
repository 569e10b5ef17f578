"""Transposed convolution to very few channels, as an ordinary one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn
from torch.nn import functional as F

if TYPE_CHECKING:
    from torch import Tensor

KERNEL, STRIDE, PADDING = 4, 2, 1
FEW = 4  # channels up to which the ordinary convolution is the faster way, as measured


class Enlarge(nn.ConvTranspose2d):
    """[B, in, H, W] -> [B, out, 2 H, 2 W]: transposed convolution 4 x 4.

    The CPU's kernel spends as much on one channel as on sixteen. Each of the four pixels that an
    input pixel becomes is an ordinary convolution 2 x 2 around it; for few channels these four
    take a third of the time.
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(in_channels, out_channels, KERNEL, STRIDE, PADDING, bias=False)

    def forward(self, x: Tensor, output_size: list[int] | None = None) -> Tensor:  # noqa: D102
        if output_size is not None:
            return super().forward(x, output_size)
        return self._conv_forward(x, self.weight, self.bias)

    def _conv_forward(self, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        """The same with other filters, as PyTorch's ordinary convolutions have it."""
        if x.device.type == "cpu" and self.out_channels <= FEW:
            return by_pixel(x, weight, bias)
        return F.conv_transpose2d(x, weight, bias, STRIDE, PADDING)


def by_pixel(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """What the transposed convolution gives: [B, in, H, W], [in, out, 4, 4] -> [B, out, 2H, 2W]."""
    channels_in, channels_out = weight.shape[:2]
    # A row of the output takes every other row of the kernel, from the last to the first. Between
    # two input rows lie an odd row of the output and, below it, an even one; columns alike.
    kernels = weight.flip(2, 3).view(channels_in, channels_out, 2, 2, 2, 2)
    kernels = kernels.permute(3, 5, 1, 0, 2, 4).flip(0, 1)
    biases = None if bias is None else bias.repeat(4)
    between = F.conv2d(x, kernels.reshape(-1, channels_in, 2, 2), biases, padding=1)
    batch, _, height, width = between.shape
    pixels = between.permute(0, 2, 3, 1).reshape(batch, height, width, 2, 2, channels_out)
    rows = pixels.transpose(2, 3).reshape(batch, 2 * height, 2 * width, channels_out)
    return rows[:, 1:-1, 1:-1].permute(0, 3, 1, 2)  # the outermost pixels lie outside
