"""Local random generators from one seed; the global ones are never used."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from torch import nn

from .options import whole_number


def generator(seed: int, *stream: int, device: torch.device | str = "cpu") -> torch.Generator:
    """Return the generator of one stream (an epoch, a purpose) of a seed."""
    state = np.random.SeedSequence([checked(seed), *stream]).generate_state(2, np.uint32)
    return torch.Generator(device).manual_seed(int(state[0]) << 31 | int(state[1]) >> 1)


def checked(seed: Any) -> int:
    """Return a seed as a Python integer, which JSON can hold.

    Raises:
        ValueError: Not a whole number, or a negative one.
    """
    return whole_number("seed", seed, least=0)


def initialize(module: nn.Module, generator: torch.Generator) -> None:
    """Draw all weights from PyTorch's default distributions, on the generator's device.

    With a CPU generator, a seed gives the same weights for training on any device.

    Convolutions and linear layers: uniform within 1 / sqrt(fan in), weights and biases.
    Normalization layers: ones and zeros. Embeddings: standard normal.
    """
    module.to(generator.device)
    for layer in module.modules():
        if isinstance(layer, (nn.Linear, nn.modules.conv._ConvNd)):
            fan_in, _ = nn.init._calculate_fan_in_and_fan_out(layer.weight)
            bound = 1 / math.sqrt(fan_in)
            nn.init.uniform_(layer.weight, -bound, bound, generator=generator)
            if layer.bias is not None:
                nn.init.uniform_(layer.bias, -bound, bound, generator=generator)
        elif isinstance(layer, nn.Embedding):
            nn.init.normal_(layer.weight, generator=generator)
        elif hasattr(layer, "reset_parameters") and not list(layer.children()):
            if not isinstance(layer, (nn.modules.batchnorm._NormBase, nn.GroupNorm, nn.LayerNorm)):
                msg = f"no rule to initialize {type(layer).__name__} from a generator"
                raise TypeError(msg)
            layer.reset_parameters()
