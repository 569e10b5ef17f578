"""Scores and maps of a batch, and their cost."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from mia_recon._engine.backbones import Backbone
from mia_recon._engine.cost import measure
from mia_recon.losses.gradient import per_image
from mia_recon.method import normalize

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from mia_recon._engine.records import Cost, MethodInfo
    from mia_recon.method import Method


def scoring_mode(method: Method) -> AbstractContextManager[Any]:
    """Return the mode to score in: it records no gradients, but allows them if the map is one."""
    return torch.no_grad() if method.needs_gradient else torch.inference_mode()


class ReconstructionScores(nn.Module):
    """Scores and maps of images, from pixels to numbers as one module.

    Args:
        method: The method.
        network: Its network.
        options: Its options.
    """

    def __init__(self, method: Method, network: nn.Module, options: Any) -> None:
        super().__init__()
        self.network = network
        self._method = method
        self._options = options

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor | None]:
        """Score uint8 images [B, C, S, S]: float32 scores [B], and maps [B, S, S] or None."""
        return score_batch(self._method, self.network, normalize(images), self._options)


def score_batch(
    method: Method, network: Any, x: Tensor, options: Any
) -> tuple[Tensor, Tensor | None]:
    """Return the scores [B] and the map [B, S, S], or None, of images [B, C, S, S] in [-1, 1]."""
    pixels = None
    if method.anomaly_map:
        pixels = _channel_mean(method.anomaly_map(network, x, options))
    if method.score:
        score = method.score(network, x, options)
    elif pixels is not None:
        score = method.map_score(pixels, options) if method.map_score else per_image(pixels)
    else:
        msg = f"{method.info.name} has neither a map nor a score"
        raise TypeError(msg)
    if pixels is not None and method.resize_map:
        pixels = method.resize_map(pixels[:, None], x.shape[-1])[:, 0]
    return score, pixels


def _channel_mean(errors: Tensor) -> Tensor:
    """Return the mean over the channels, [B, S, S]."""
    return errors[:, 0] if errors.shape[1] == 1 else errors.mean(1)  # slow, even for one


def info_of(method: Method) -> MethodInfo:
    """Return the method's facts with its cost counted, and the weights that it needs."""
    backbone = getattr(method.options(), "backbone", None)
    weights = None if backbone is None else Backbone(backbone).default_weights
    return replace(method.info, weights=weights, cost=_cost(method))


def _cost(method: Method) -> Cost:
    info, options, share = method.info, method.options(), Fraction(1)
    if method.calls and method.counted:
        calls = method.calls(options)
        options = method.counted(options)
        share = Fraction(calls, method.calls(options))
    shape = (1, info.channels, info.image_size, info.image_size)

    def score(network: Any) -> None:
        with torch.no_grad():  # in PyTorch 2.4, what inference mode computes is not counted
            score_batch(method, network, torch.empty(shape, device="meta"), options)

    cost = measure(lambda: method.network(info.channels, info.image_size, options), score)
    return cost._replace(macs=round(share * cost.macs))
