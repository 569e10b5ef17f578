"""Transposed convolution to very few channels, as an ordinary one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.nn import functional as F

if TYPE_CHECKING:
    from torch import Tensor

KERNEL, STRIDE, PADDING = 4, 2, 1
FEW = 4  # channels up to which the ordinary convolution is the faster way, as measured


class Enlarge(nn.ConvTranspose2d):
    """[B, in, H, W] -> [B, out, 2 H, 2 W]: transposed convolution 4 x 4.

    The CPU's kernel spends as much on one channel as on sixteen. For few channels, an ordinary
    convolution with a channel for each pixel of a block takes half the time or less.
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
            return ByBlocks.apply(x, weight, bias)
        return F.conv_transpose2d(x, weight, bias, STRIDE, PADDING)


class ByBlocks(torch.autograd.Function):
    """``by_blocks`` forwards; backwards the transposed convolution's own, which is fast."""

    @staticmethod
    def forward(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:  # noqa: D102
        # Detached, it does not pass for a view of another tensor, which a ReLU must not change.
        return by_blocks(x, weight, bias).detach()

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:  # noqa: D102
        ctx.save_for_backward(*inputs[:2])

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:  # noqa: D102
        # Autocast may have computed the output, and so its gradient, in a shorter format.
        x, weight = (saved.to(gradient.dtype) for saved in ctx.saved_tensors)
        sizes = weight.shape[1:2], (STRIDE, STRIDE), (PADDING, PADDING), (1, 1)
        return torch.ops.aten.convolution_backward(
            gradient, x, weight, *sizes, True, (0, 0), 1, ctx.needs_input_grad
        )


def by_blocks(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """What the transposed convolution gives: [B, in, H, W], [in, out, 4, 4] -> [B, out, 2H, 2W].

    Between two rows of the input lie an odd row of the output and, below it, an even one; columns
    alike. A block is the pixels between 3 x 3 of the input, or between 2 x 2 where it has several
    channels: sixteen values or fewer, as many as the CPU computes at once.
    """
    channels_in, channels_out = weight.shape[:2]
    window = 3 if channels_out == 1 else 2
    step, side = window - 1, 2 * (window - 1)
    # What the pixels of a block take from the window: from each of its places, what the
    # transposed convolution makes of a single one there. Rows 0 and 1 lie above the block.
    place = torch.eye(window**2, dtype=x.dtype).view(-1, 1, window, window)
    spread = F.conv_transpose2d(place, weight.reshape(1, -1, KERNEL, KERNEL), stride=STRIDE)
    taken = spread[:, :, 2 : 2 + side, 2 : 2 + side].reshape(
        window, window, channels_in, channels_out, side, side
    )
    filters = taken.permute(4, 5, 3, 2, 0, 1).reshape(-1, channels_in, window, window)
    biases = None if bias is None else bias.repeat(side**2)
    blocks = F.conv2d(x, filters, biases, stride=step, padding=step)

    batch, _, height, width = blocks.shape
    pixels = blocks.permute(0, 2, 3, 1).reshape(batch, height, width, side, side, channels_out)
    rows = pixels.transpose(2, 3).reshape(batch, side * height, side * width, channels_out)
    first = side - 1  # the pixels before lie outside, as do those after the input's last
    image = rows[:, first : first + 2 * x.shape[2], first : first + 2 * x.shape[3]]
    return image.permute(0, 3, 1, 2)
