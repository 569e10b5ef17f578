"""Transposed convolution that doubles an image, as an ordinary one where that is faster."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.jit._trace import is_tracing
from torch.nn import functional as F

from mia_recon.networks.fast.frozen import Freezable

if TYPE_CHECKING:
    from torch import Tensor

KERNEL, STRIDE, PADDING = 4, 2, 1
FEW = 4  # channels up to which the ordinary convolution was measured to be faster


class UpsampleConv2d(Freezable, nn.ConvTranspose2d):
    """Transposed convolution 4 x 4 with stride 2, without bias.

    The CPU's kernel takes as long for one output channel as for sixteen. For few channels, an
    ordinary convolution with one channel for each pixel of a block takes half the time or less.
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(in_channels, out_channels, KERNEL, STRIDE, PADDING, bias=False)

    def forward(self, x: Tensor, output_size: list[int] | None = None) -> Tensor:
        """Double height and width: [B, in, H, W] -> [B, out, 2 H, 2 W]."""
        if output_size is not None:
            return super().forward(x, output_size)
        return self._conv_forward(x, self.weight, self.bias, self.frozen)

    def constants(self) -> Tensor | None:
        """Return the ordinary convolution's filters, or None if it is not used."""
        return filters_of_blocks(self.weight) if self.is_by_blocks(self.weight) else None

    def _conv_forward(
        self, x: Tensor, weight: Tensor, bias: Tensor | None, filters: Tensor | None = None
    ) -> Tensor:
        """Compute the layer with other weights; named as in PyTorch's ordinary convolutions."""
        if self.is_by_blocks(x):
            return ByBlocks.apply(x, weight, bias, filters)
        return F.conv_transpose2d(x, weight, bias, STRIDE, PADDING)

    def is_by_blocks(self, tensor: Tensor) -> bool:
        """Return whether an ordinary convolution is faster on the tensor's device.

        A graph that is traced for other programs has the layer as it is.
        """
        is_few = tensor.device.type == "cpu" and self.out_channels <= FEW
        return is_few and not is_tracing()


class ByBlocks(torch.autograd.Function):
    """``by_blocks`` forward; backward, the transposed convolution's own gradient, which is fast."""

    @staticmethod
    def forward(  # noqa: D102
        x: Tensor, weight: Tensor, bias: Tensor | None, filters: Tensor | None
    ) -> Tensor:
        filters = filters_of_blocks(weight) if filters is None else filters
        # Detached, it is not taken for a view of another tensor, which a ReLU must not change.
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
    """Return the side of the input window that a block of the output is computed from.

    A block is the pixels between 3 x 3 of the input, or between 2 x 2 if it has several channels:
    sixteen values or fewer, as many as the CPU computes at once.
    """
    return 3 if channels == 1 else 2


def filters_of_blocks(weight: Tensor) -> Tensor:
    """Return the filters that give each pixel of a block from its window.

    Args:
        weight: A transposed convolution's, [in, out, 4, 4].

    Returns:
        [side * side * out, in, window, window]; the side of a block is twice that of the window
        minus two.
    """
    channels_in, channels_out = weight.shape[:2]
    window = window_of(channels_out)
    side = 2 * (window - 1)
    # Each place of the window adds the whole kernel at twice its own row and column. Rows 0 and 1
    # of that lie above the block, whose row r takes row r + 2 - 2 p of the kernel from place p.
    rows = torch.arange(side)[:, None] + 2 - 2 * torch.arange(window)
    rows = torch.where((rows >= 0) & (rows < KERNEL), rows, KERNEL)  # past the end: zeros
    taken = F.pad(weight, (0, 1, 0, 1))[:, :, rows][..., rows]  # columns alike
    return taken.permute(2, 4, 1, 0, 3, 5).reshape(-1, channels_in, window, window)


def by_blocks(x: Tensor, filters: Tensor, bias: Tensor | None, channels: int) -> Tensor:
    """Compute the transposed convolution: [B, in, H, W] -> [B, channels, 2 H, 2 W].

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
    first = side - 1  # the pixels before it lie outside, as do those after the input's last
    image = rows[:, first : first + 2 * x.shape[2], first : first + 2 * x.shape[3]]
    return image.permute(0, 3, 1, 2)
