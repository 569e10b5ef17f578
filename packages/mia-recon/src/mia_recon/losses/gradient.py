"""Gradients with respect to the input, of each image alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import torch

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor


def input_gradient(loss: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """Return the gradient of each image's loss with respect to that image.

    The losses are summed: as long as no layer mixes images (BatchNorm in evaluation mode does
    not), the gradient of the sum at one image is that of its own loss, whatever the batch.

    Args:
        loss: [B, C, H, W] -> [B].
        x: [B, C, H, W], not made under ``torch.inference_mode``.

    Returns:
        [B, C, H, W].
    """
    with torch.enable_grad():
        x = x.detach().requires_grad_()
        loss(x).sum().backward(inputs=[x])  # the parameters' gradients are left alone
    return cast("Tensor", x.grad)


def per_image(error: Tensor) -> Tensor:
    """Return the mean of each image, [B], of errors [B, ...]."""
    return error.flatten(1).mean(1)
