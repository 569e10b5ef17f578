"""Layers that compute the same as PyTorch's own, faster on a CPU.

The networks are written with them as with plain layers, and the tests hold each to the plain one:

- ``ConvNormReLU``: a convolution, a normalization and a ReLU in a row;
- ``UpsampleConv2d``: a transposed convolution 4 x 4 with stride 2;
- ``Swish``: ``torch.nn.SiLU``;
- ``reflect_pad``: ``torch.nn.functional.pad`` by one mirrored pixel.

``frozen(network)`` is for scoring: while it lasts, the weights are known not to change.
"""

from mia_recon.networks.fast.conv_norm_relu import ConvNormReLU
from mia_recon.networks.fast.frozen import frozen
from mia_recon.networks.fast.reflect import reflect_pad
from mia_recon.networks.fast.swish import Swish
from mia_recon.networks.fast.upsample import UpsampleConv2d

__all__ = ["ConvNormReLU", "Swish", "UpsampleConv2d", "frozen", "reflect_pad"]
