"""AnatPaste: a soft rectangle or ellipse of the image is pasted into its lung field only.

Paper: https://arxiv.org/abs/2205.04282
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from mia_ssl._engine.options import check_choice
from mia_ssl.checks import check_between, check_pair
from mia_ssl.pasting.boxes import Boxes, corners, integer
from mia_ssl.pasting.paste_regions import Regions
from mia_ssl.two_stage.color_jitter import (
    STRONGEST,
    JitterFactors,
    jitter_patches,
    luma,
    rounded,
)
from mia_ssl.two_stage.method import IMAGE_SIZE, Paste, TwoStageMethod, two_stage_info
from mia_ssl.two_stage.paste_region import PASTE_REGIONS, PasteRegion
from mia_ssl.two_stage.random_boxes import log_uniform, sides, uniform, whole_uniform
from mia_ssl.two_stage.soft_shapes import blur_matrix, centered_shape, soft_ellipse, soft_rectangle

if TYPE_CHECKING:
    from torch import Tensor

    from mia_ssl.two_stage.method import PasteBatch

# Sizes of a cut that are drawn ahead; the first that is large enough counts.
_TRIES = 8


@dataclass(frozen=True, kw_only=True)
class AnatPasteOptions:
    """Options of AnatPaste; pixels are those of a 224 x 224 image and scale with the image.

    Attributes:
        area: Least and largest share of the image's area that is cut out; uniform.
        aspect: Least and largest width / height; uniform in the logarithm.
        jitter: Strength of the color jitter, 0 to 0.5; see ``JitterFactors``.
        alpha: Least and largest opacity of the shape, of 255; whole numbers.
        blur: Least and largest standard deviation, in whole pixels, of the shape's blur.
        margin: Pixels between the cut's border and the shape, so that a blurred shape fades out.
        paste_region: Where to paste: ``"lungs"`` (dark tissue inside a body, for chest
            radiographs), ``"foreground"`` (all that is not black) or ``"image"``.
        find_region_once: Whether a training finds the regions once, in the images as they are,
            instead of in every step in the jittered ones: faster, and nearly the same.
        original_paste: Whether to paste as the original, see ``paste_as_original``.
    """

    area: tuple[float, float] = (0.02, 0.15)
    aspect: tuple[float, float] = (0.3, 1 / 0.3)
    jitter: float = 0.1
    alpha: tuple[int, int] = (150, 254)
    blur: tuple[int, int] = (0, 14)
    margin: float = 10
    paste_region: str = "lungs"
    find_region_once: bool = False
    original_paste: bool = False

    def __post_init__(self) -> None:
        check_pair(self, "area", low=0, high=1)
        check_pair(self, "aspect", low=0.01, high=100)
        check_pair(self, "alpha", low=0, high=255, whole=True)
        check_pair(self, "blur", low=0, whole=True)
        check_between(0, STRONGEST, jitter=self.jitter)
        check_between(0, IMAGE_SIZE // 4, margin=self.margin)
        check_choice("paste_region", self.paste_region, PASTE_REGIONS)


@dataclass(frozen=True, kw_only=True)
class SoftShapes:
    """Drawn patches, one an image, on the CPU.

    Attributes:
        source: Boxes that are cut out.
        target: Boxes where they go, of the same sizes.
        ellipse: Whether the shape inside the box is an ellipse, bool [n].
        alpha: Opacity of the shape in 0 to 1, [n].
        blur: Standard deviation of its blur in pixels of a 224 x 224 image, whole, [n].
        center: Row and column of the drawn pixel of the region, int64 [n, 2]; the target's middle,
            unless that was moved inside the image.
        factors: Color jitter of each patch.
    """

    source: Boxes
    target: Boxes
    ellipse: Tensor
    alpha: Tensor
    blur: Tensor
    center: Tensor
    factors: JitterFactors


def paste(batch: PasteBatch, images: Tensor, uniforms: Tensor, options: AnatPasteOptions) -> None:
    """Paste a soft shape into each image; for the arguments see ``PasteFunction``."""
    if batch.region is None:
        msg = "expected anatpaste to be told where it may paste, got no region"
        raise ValueError(msg)
    region = batch.region.take(images)
    shapes = draw(uniforms, region, batch.height, batch.width, options)
    patches, target = Regions(images, shapes.source), Regions(images, shapes.target)
    patch = batch.cut(patches)
    if options.jitter:
        patch = jitter_patches(patch, shapes.factors, patches)
    if options.original_paste:
        paste_as_original(batch, images, shapes, patch, region, options)
        return
    alpha = opacity(shapes, region, options).to(patch.device)
    below = target.cut(batch.pasted.transpose(0, 1)).float()
    batch.write(target, rounded(below.lerp_(patch.float(), alpha)), alpha)


def paste_as_original(
    batch: PasteBatch,
    images: Tensor,
    shapes: SoftShapes,
    patch: Tensor,
    region: PasteRegion,
    options: AnatPasteOptions,
) -> None:
    """Paste soft shapes with all that the original code does otherwise, image by image.

    A patch is gray on RGB images too. It is cut off where it runs beyond the image's border. Where
    the blurred shape runs beyond the patch, black is pasted.

    Args:
        batch: Images to change.
        images: Indices of the images that get a patch, int64 [n].
        shapes: Drawn patches.
        patch: Pixels of the patches, uint8 [C, T].
        region: Where each image may be pasted into.
        options: Options of the patches.
    """
    height, width = batch.height, batch.width
    margin = round(scaled(options.margin, height, width))
    parts = luma(patch.float()).split(shapes.source.areas.tolist())
    columns = (*shapes.center.unbind(1), shapes.source.height, shapes.source.width, shapes.ellipse)
    for number, (row, column, h, w, is_ellipse) in enumerate(torch.stack(columns, 1).tolist()):
        rows = np.arange(height) - row
        across = np.arange(width) - column
        kernel = blur_matrix(scaled(shapes.blur[number].item(), height, width), max(height, width))
        shape = centered_shape(rows, across, h // 2 - margin, w // 2 - margin, is_ellipse)
        soft = kernel[:height, :height] @ shape @ kernel[:width, :width]
        share = torch.from_numpy(soft) * shapes.alpha[number] * region.masks[number]
        # Wide enough for a patch that lies outside altogether.
        frame = patch.new_zeros(4 * height + h, 4 * width + w, dtype=torch.float32)
        frame[2 * height : 2 * height + h, 2 * width : 2 * width + w] = parts[number].view(h, w)
        top, left = 2 * height - row + h // 2, 2 * width - column + w // 2
        pasted = frame[top : top + height, left : left + width]
        image = batch.pasted[images[number]]
        share = share.float().to(image.device)
        image.copy_(rounded(torch.lerp(image.float(), pasted.expand_as(image), share)))
        if batch.label is not None:
            batch.label[images[number], 0] = share


def find_region(images: Tensor, options: AnatPasteOptions) -> PasteRegion:
    """Find where images, uint8 (N, C, H, W), may be pasted into."""
    return PasteRegion.find(images, options.paste_region, drop_boxes=options.original_paste)


def draw(
    uniforms: Tensor, region: PasteRegion, height: int, width: int, options: AnatPasteOptions
) -> SoftShapes:
    """Draw patches and put each of them on a random pixel of its image's region.

    Args:
        uniforms: Random numbers in [0, 1), [n, 27].
        region: Where each image may be pasted into.
        height: Height of the images in pixels.
        width: Width of the images in pixels.
        options: Options of the patches.
    """
    sizes, rest = uniforms[:, : 2 * _TRIES], uniforms[:, 2 * _TRIES :]
    h, w = draw_sides(sizes, height, width, options)
    source = corners(rest[:, 0:2], h, w, (height, width))
    row, column = region.pixel(rest[:, 2:4])
    center = torch.stack((row, column), 1)
    if options.original_paste:  # without lungs it can be far beyond the border
        anywhere = integer(rest[:, 2:4], round(scaled(255, height, width)))
        center = torch.where(region.found[:, None], center, anywhere)
    top = torch.minimum((row - h // 2).clamp(min=0), height - h)
    left = torch.minimum((column - w // 2).clamp(min=0), width - w)
    return SoftShapes(
        source=Boxes(*source, h, w),
        target=Boxes(top, left, h, w),
        ellipse=rest[:, 4] < 0.5,
        alpha=whole_uniform(rest[:, 5], *options.alpha) / 255,
        blur=whole_uniform(rest[:, 6], *options.blur),
        center=center,
        factors=JitterFactors.draw(rest[:, 7:11], options.jitter),
    )


def draw_sides(
    uniforms: Tensor, height: int, width: int, options: AnatPasteOptions
) -> tuple[Tensor, Tensor]:
    """Return height and width of the first cut with room for a shape inside the margins.

    Args:
        uniforms: Random numbers in [0, 1), [n, 16]: areas, then aspects, of eight tries.
        height: Height of the images in pixels.
        width: Width of the images in pixels.
        options: Options of the patches.
    """
    area = uniform(uniforms[:, :_TRIES], *options.area)
    aspect = log_uniform(uniforms[:, _TRIES:], *options.aspect)
    h, w = sides(area, aspect, height, width)
    shorter = torch.minimum(h, w)
    fits = shorter // 2 >= scaled(options.margin, height, width)
    # The first that fits; where none does, the one that comes closest.
    rank = torch.where(fits, height + width - torch.arange(_TRIES), shorter - height - width)
    chosen = rank.argmax(1, keepdim=True)
    return h.gather(1, chosen)[:, 0], w.gather(1, chosen)[:, 0]


def scaled(pixels: float, height: int, width: int) -> float:
    """Return a length of a 224 x 224 image as one of an image of this size."""
    return pixels * min(height, width) / IMAGE_SIZE


def opacity(shapes: SoftShapes, region: PasteRegion, options: AnatPasteOptions) -> Tensor:
    """Return the opacity of each pixel of the patches, 0 outside the region.

    Args:
        shapes: Drawn patches, T pixels in all.
        region: Where each image may be pasted into.
        options: Options of the patches.

    Returns:
        float32 [T] in 0 to 1, on the CPU.
    """
    _, height, width = region.masks.shape
    margin = round(scaled(options.margin, height, width))
    target = Regions(torch.arange(len(region)), shapes.target)
    out = np.empty(sum(target.sizes), np.float32)
    end = 0
    columns = (shapes.target.height, shapes.target.width, shapes.ellipse, shapes.blur)
    for h, w, is_ellipse, blur in torch.stack(columns, 1).tolist():
        start, end = end, end + h * w
        kernel = blur_matrix(scaled(blur, height, width), max(height, width))
        (soft_ellipse if is_ellipse else soft_rectangle)(
            h, w, margin, kernel, out=out[start:end].reshape(h, w)
        )
    inside = target.cut(region.masks[None].view(torch.uint8))[0]
    return torch.from_numpy(out).mul_(target.spread(shapes.alpha.float())).mul_(inside)


ANATPASTE = TwoStageMethod(
    info=two_stage_info(
        "anatpaste",
        "classifies originals and soft pastes into the lung field; density of embeddings",
        paper="https://arxiv.org/abs/2205.04282",
    ),
    pastes=(Paste(apply=paste, random_numbers=2 * _TRIES + 11),),
    paste_options=AnatPasteOptions,
    find_region=find_region,
)
