"""Transposed convolution to very few channels, as an ordinary one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.nn import functional as F

from mia_recon.networks.frozen import Freezable

if TYPE_CHECKING:
    from torch import Tensor

KERNEL, STRIDE, PADDING = 4, 2, 1
FEW = 4  # channels up to which the ordinary convolution is the faster way, as measured


class Enlarge(Freezable, nn.ConvTranspose2d):
    """[B, in, H, W] -> [B, out, 2 H, 2 W]: transposed convolution 4 x 4.

    The CPU's kernel spends as much on one channel as on sixteen. For few channels, an ordinary
    convolution with a channel for each pixel of a block takes half the time or less.
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(in_channels, out_channels, KERNEL, STRIDE, PADDING, bias=False)

    def forward(self, x: Tensor, output_size: list[int] | None = None) -> Tensor:  # noqa: D102
        if output_size is not None:
            return super().forward(x, output_size)
        return self._conv_forward(x, self.weight, self.bias, self.frozen)

    def constants(self) -> Tensor | None:
        """The ordinary convolution's filters, where that is the way."""
        return filters_of_blocks(self.weight) if self.is_by_blocks(self.weight) else None

    def _conv_forward(
        self, x: Tensor, weight: Tensor, bias: Tensor | None, filters: Tensor | None = None
    ) -> Tensor:
        """The same with other filters, as PyTorch's ordinary convolutions have it."""
        if self.is_by_blocks(x):
            return ByBlocks.apply(x, weight, bias, filters)
        return F.conv_transpose2d(x, weight, bias, STRIDE, PADDING)

    def is_by_blocks(self, tensor: Tensor) -> bool:
        """Whether an ordinary convolution is the faster way, where such a tensor lies."""
        return tensor.device.type == "cpu" and self.out_channels <= FEW


class ByBlocks(torch.autograd.Function):
    """``by_blocks`` forwards; backwards the transposed convolution's own, which is fast."""

    @staticmethod
    def forward(  # noqa: D102
        x: Tensor, weight: Tensor, bias: Tensor | None, filters: Tensor | None
    ) -> Tensor:
        filters = filters_of_blocks(weight) if filters is None else filters
        # Detached, it does not pass for a view of another tensor, which a ReLU must not change.
        return by_blocks(x, filters, bias, weight.shape[1]).detach()

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:  # noqa: D102
        ctx.save_for_backward(*inputs[:2])

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:  # noqa: D102
        # Autocast may have computed the output, and so its gradient, in a shorter format.
        x, weight = (saved.to(gradient.dtype) for saved in ctx.saved_tensors)
        sizes = weight.shape[1:2], (STRIDE, STRIDE), (PADDING, PADDING), (1, 1)
        gradients = torch.ops.aten.convolution_backward(
            gradient, x, weight, *sizes, True, (0, 0), 1, ctx.needs_input_grad[:3]
        )
        return *gradients, None


def window_of(channels: int) -> int:
    """Side of the window that a block is computed from.

    A block is the pixels between 3 x 3 of the input, or between 2 x 2 where it has several
    channels: sixteen values or fewer, as many as the CPU computes at once.
    """
    return 3 if channels == 1 else 2


def filters_of_blocks(weight: Tensor) -> Tensor:
    """A transposed convolution's weight [in, out, 4, 4] -> what a block takes from its window.

    [side * side * out, in, window, window], where the side of a block is twice that of the window
    less two.
    """
    channels_in, channels_out = weight.shape[:2]
    window = window_of(channels_out)
    side = 2 * (window - 1)
    # Each place of the window adds the whole kernel at twice its own row and column. Rows 0 and 1
    # of that lie above the block, whose row r takes row r + 2 - 2 p of the kernel from place p.
    rows = torch.arange(side)[:, None] + 2 - 2 * torch.arange(window)
    rows = torch.where((rows >= 0) & (rows < KERNEL), rows, KERNEL)  # past the end: nothing
    taken = F.pad(weight, (0, 1, 0, 1))[:, :, rows][..., rows]  # columns alike
    return taken.permute(2, 4, 1, 0, 3, 5).reshape(-1, channels_in, window, window)


def by_blocks(x: Tensor, filters: Tensor, bias: Tensor | None, channels: int) -> Tensor:
    """What the transposed convolution gives, [B, in, H, W] -> [B, channels, 2 H, 2 W].

    Between two rows of the input lie an odd row of the output and, below it, an even one; columns
    alike.
    """
    step = window_of(channels) - 1
    side = 2 * step
    biases = None if bias is None else bias.repeat(side**2)
    blocks = F.conv2d(x, filters, biases, stride=step, padding=step)

    batch, _, height, width = blocks.shape
    pixels = blocks.permute(0, 2, 3, 1).reshape(batch, height, width, side, side, channels)
    rows = pixels.transpose(2, 3).reshape(batch, side * height, side * width, channels)
    first = side - 1  # the pixels before lie outside, as do those after the input's last
    image = rows[:, first : first + 2 * x.shape[2], first : first + 2 * x.shape[3]]
    return image.permute(0, 3, 1, 2)
