"""AutoDDPM: a diffusion model that finds what looks abnormal, and paints it anew.

Paper: Bercea et al., 2023, https://arxiv.org/abs/2305.19643
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mia_recon.losses.perceptual import unit_distance
from mia_recon.losses.pixel_error import absolute_error
from mia_recon.methods.autoddpm.inpainting import inpaint

if TYPE_CHECKING:
    from mia_recon._engine.backbones import Backbone
    from mia_recon.diffusion import Diffusion

MAX_STRIDE = 16  # of the features that are compared
HIGHEST = 0.95  # the quantile that is the scale of differences, and the threshold of a mask


class AutoDDPM(nn.Module):
    """Masks what a reconstruction differs in, and inpaints it from the reconstruction.

    Where the paper has LPIPS, whose learned weights need a download, the features of a frozen
    network are compared with equal weights of the channels.

    Args:
        diffusion: Reconstructs and inpaints.
        backbone: The frozen network, of which all stages up to stride 16 are used.
        inpaint_level: Number of steps that the reconstruction is noised by to be inpainted.
        resamplings: How often each step of the inpainting is done.
        threshold: Of the first map, above which pixels are masked; None for its 95th percentile.

    Raises:
        ValueError: The backbone has no stage of stride 16 or less.
    """

    def __init__(
        self,
        diffusion: Diffusion,
        backbone: Backbone,
        *,
        inpaint_level: int,
        resamplings: int,
        threshold: float | None,
    ) -> None:
        super().__init__()
        self.diffusion = diffusion
        self.backbone = backbone
        self.stages = [n for n, stride in enumerate(backbone.strides) if stride <= MAX_STRIDE]
        if not self.stages:
            msg = f"expected a backbone with a stage of stride {MAX_STRIDE} or less, "
            msg += f"got {backbone.name!r} with strides {backbone.strides}"
            raise ValueError(msg)
        self.inpaint_level = inpaint_level
        self.resamplings = resamplings
        self.threshold = threshold

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return the inpainted images and the first map.

        Args:
            x: Images [B, C, S, S] in [0, 1].

        Returns:
            Images [B, C, S, S] in [0, 1], and how abnormal each pixel looked before, [B, 1, S, S].
        """
        reconstruction = self.diffusion(x).clamp(0, 1)
        first = self.first_map(x, reconstruction)
        inpainted = inpaint(
            self.diffusion,
            x,
            self.mask(first),
            reconstruction,
            level=self.inpaint_level,
            rounds=self.resamplings,
        )
        return inpainted.clamp(0, 1), first

    def first_map(self, x: Tensor, reconstruction: Tensor) -> Tensor:
        """Return the difference of the pixels, 1 where it is large, times that of the features."""
        difference = absolute_error(x, reconstruction).mean(1, keepdim=True)
        scale = highest(difference).clamp(min=torch.finfo(x.dtype).tiny)
        return (difference / scale).clamp(max=1) * self.feature_distance(x, reconstruction)

    def feature_distance(self, x: Tensor, reconstruction: Tensor) -> Tensor:
        """Return the sum over the stages of the features' distances, [B, 1, S, S]."""
        levels = [
            F.interpolate(unit_distance(*pair), size=x.shape[2:], mode="bilinear")
            for pair in zip(
                self.backbone(x, self.stages),
                self.backbone(reconstruction, self.stages),
                strict=True,
            )
        ]
        return torch.stack(levels).sum(0)

    def mask(self, first: Tensor) -> Tensor:
        """Return where maps [B, 1, S, S] are above the threshold, and the pixels beside, bool."""
        threshold = highest(first) if self.threshold is None else self.threshold
        return F.max_pool2d((first > threshold).float(), 3, stride=1, padding=1) > 0


def highest(maps: Tensor) -> Tensor:
    """Return the 95th percentile of each of the maps [B, 1, S, S], [B, 1, 1, 1]."""
    each = [pixels.flatten().quantile(HIGHEST) for pixels in maps]
    return torch.stack(each).view(-1, 1, 1, 1)
