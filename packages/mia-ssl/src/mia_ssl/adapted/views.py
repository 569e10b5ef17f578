"""Random views of images, as contrastive training needs them.

Paper: https://arxiv.org/abs/2002.05709
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F

from mia_ssl.two_stage.color_jitter import JitterFactors, jitter_images, luma

if TYPE_CHECKING:
    from torch import Tensor

AREA = (0.2, 1.0)  # of the crop, as a share of the image's
RATIO = (3 / 4, 4 / 3)  # of the crop's width to its height
TRIES = 10
JITTER = (0.4, 0.4, 0.4, 0.1)  # brightness, contrast, saturation, hue
SIGMA = (0.1, 2.0)  # of the blur, in pixels
JITTERED, GRAY, BLURRED, MIRRORED = 0.8, 0.2, 0.5, 0.5  # shares of the images
_NUMBERS = 2 * TRIES + 2 + 4 + 4 + 1  # crop, its place, choices, jitter, blur


def random_view(images: Tensor, generator: torch.Generator) -> Tensor:
    """Crop, recolor, blur and mirror images at random.

    Args:
        images: uint8 [B, 1 or 3, S, S].
        generator: Source of the random numbers, on the device of the images.

    Returns:
        uint8 [B, 1 or 3, S, S].
    """
    count, size = len(images), images.shape[-1]
    drawn = torch.rand(count, _NUMBERS, generator=generator, device=images.device).cpu()
    crop, place, choice, jitter, sigma = drawn.split([2 * TRIES, 2, 4, 4, 1], 1)
    view = crop_and_enlarge(images, draw_boxes(crop, place, size))
    jittered, gray, blurred, mirrored = (choice < torch.tensor(_SHARES)).to(images.device).T
    changed = view[jittered]
    jitter_images(view[jittered], draw_factors(jitter[jittered.cpu()]), out=changed)
    view[jittered] = changed
    view[gray] = to_gray(view[gray])
    spread = SIGMA[0] + (SIGMA[1] - SIGMA[0]) * sigma[:, 0].to(images.device)
    view[blurred] = blur(view[blurred], spread[blurred])
    view[mirrored] = view[mirrored].flip(3)
    return view


_SHARES = (JITTERED, GRAY, BLURRED, MIRRORED)


def draw_boxes(uniforms: Tensor, place: Tensor, size: int) -> Tensor:
    """Draw a crop of each image: as torchvision's RandomResizedCrop, the first try that fits.

    Args:
        uniforms: Random numbers in [0, 1) of each try's area and ratio, [n, 2 * tries].
        place: Random numbers in [0, 1), [n, 2].
        size: Side of the images.

    Returns:
        Top, left, height and width, int64 [n, 4]; the whole image where no try fits.
    """
    first, last = AREA
    areas, ratios = uniforms.double().chunk(2, 1)
    areas = size**2 * (first + (last - first) * areas)
    low, high = map(math.log, RATIO)
    ratios = torch.exp(low + (high - low) * ratios)
    heights, widths = (areas / ratios).sqrt().round(), (areas * ratios).sqrt().round()
    fits = (heights <= size) & (widths <= size)
    chosen = fits.int().argmax(1, keepdim=True)
    sides = torch.cat([heights.gather(1, chosen), widths.gather(1, chosen)], 1)
    sides[~fits.any(1)] = size
    corners = (place.double() * (size - sides + 1)).floor()
    return torch.cat([corners, sides], 1).long()


def crop_and_enlarge(images: Tensor, boxes: Tensor) -> Tensor:
    """Cut a box out of each image and enlarge it to the image's size, uint8 [B, C, S, S]."""
    out = torch.empty_like(images)
    for image, copy, (top, left, height, width) in zip(images, out, boxes.tolist(), strict=True):
        cut = image[None, :, top : top + height, left : left + width].float()
        large = F.interpolate(cut, size=image.shape[1:], mode="bilinear", align_corners=False)
        copy.copy_(large[0].add_(0.5))
    return out


def draw_factors(uniforms: Tensor) -> JitterFactors:
    """Draw color changes from random numbers in [0, 1), [n, 4]."""
    strengths = torch.tensor(JITTER)
    drawn = (2 * uniforms - 1) * strengths
    return JitterFactors(1 + drawn[:, 0], 1 + drawn[:, 1], 1 + drawn[:, 2], drawn[:, 3])


def to_gray(images: Tensor) -> Tensor:
    """Give all channels the luma, uint8 [n, C, S, S]."""
    return luma(images.transpose(0, 1)).add(0.5).to(torch.uint8)[:, None].expand_as(images)


def blur(images: Tensor, sigma: Tensor) -> Tensor:
    """Blur each image by a Gaussian of its own, its border repeated.

    Args:
        images: uint8 [n, C, S, S].
        sigma: Standard deviations in pixels, at most 2, [n].

    Returns:
        uint8 [n, C, S, S].
    """
    if not len(images):
        return images
    reach = math.ceil(4 * SIGMA[1])
    offsets = torch.arange(-reach, reach + 1, device=images.device)
    window = torch.exp(-offsets.square() / (2 * sigma[:, None].square()))
    window = window / window.sum(1, keepdim=True)
    channels = images.shape[1]
    kernels = window.repeat_interleave(channels, 0)[:, None, :, None]
    x = images.float().flatten(0, 1)[None]  # each channel is convolved alone
    x = F.conv2d(F.pad(x, (0, 0, reach, reach), mode="replicate"), kernels, groups=x.shape[1])
    x = F.pad(x, (reach, reach, 0, 0), mode="replicate")
    x = F.conv2d(x, kernels.transpose(2, 3), groups=x.shape[1])
    return x[0].unflatten(0, (-1, channels)).add(0.5).to(torch.uint8)
