"""AnatPaste: a soft rectangle or ellipse of the image is pasted into its lung field only.

Paper: https://arxiv.org/abs/2205.04282
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import torch

from mia_ssl._engine.options import check_choice
from mia_ssl.checks import check_between, check_pair
from mia_ssl.pasting.boxes import Boxes, corners, integer
from mia_ssl.pasting.paste_regions import Regions
from mia_ssl.two_stage.color_jitter import STRONGEST, JitterFactors, jitter, rounded
from mia_ssl.two_stage.method import IMAGE_SIZE, Paste, TwoStageMethod, two_stage_info
from mia_ssl.two_stage.paste_region import PASTE_REGIONS
from mia_ssl.two_stage.random_boxes import log_uniform, sides, uniform

if TYPE_CHECKING:
    from torch import Tensor

    from mia_ssl.two_stage.method import PasteBatch
    from mia_ssl.two_stage.paste_region import PasteRegion

# Sizes of a cut that are drawn ahead; the first that is large enough counts.
_TRIES = 8


@dataclass(frozen=True, kw_only=True)
class AnatPasteOptions:
    """Options of AnatPaste; pixels are those of a 224 x 224 image and scale with the image.

    Attributes:
        area: Least and largest share of the image's area that is cut out; uniform.
        aspect: Least and largest width / height; uniform in the logarithm.
        jitter: Strength of the color jitter, 0 to 0.5; see ``JitterFactors``.
        alpha: Least and largest opacity of the shape, of 255.
        blur: Least and largest standard deviation, in whole pixels, of the shape's blur.
        margin: Pixels between the cut's border and the shape, so that a blurred shape fades out.
        paste_region: Where to paste: ``"lungs"`` (dark tissue inside a body, for chest
            radiographs), ``"foreground"`` (all that is not black) or ``"image"``.
    """

    area: tuple[float, float] = (0.02, 0.15)
    aspect: tuple[float, float] = (0.3, 3.3)
    jitter: float = 0.1
    alpha: tuple[float, float] = (150, 255)
    blur: tuple[int, int] = (0, 15)
    margin: float = 10
    paste_region: str = "lungs"

    def __post_init__(self) -> None:
        check_pair(self, "area", low=0, high=1)
        check_pair(self, "aspect", low=0.01, high=100)
        check_pair(self, "alpha", low=0, high=255)
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
        factors: Color jitter of each patch.
    """

    source: Boxes
    target: Boxes
    ellipse: Tensor
    alpha: Tensor
    blur: Tensor
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
        patch = jitter(patch, shapes.factors, patches)
    alpha = opacity(shapes, region, options).to(patch.device)
    below = target.cut(batch.pasted.transpose(0, 1)).float()
    batch.write(target, rounded(below.lerp_(patch.float(), alpha)), alpha)


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
    top = torch.minimum((row - h // 2).clamp(min=0), height - h)
    left = torch.minimum((column - w // 2).clamp(min=0), width - w)
    least, largest = options.blur
    return SoftShapes(
        source=Boxes(*source, h, w),
        target=Boxes(top, left, h, w),
        ellipse=rest[:, 4] < 0.5,
        alpha=uniform(rest[:, 5], *options.alpha) / 255,
        blur=least + integer(rest[:, 6], largest - least + 1),
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
    fits = shorter > 2 * scaled(options.margin, height, width)
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


def soft_rectangle(h: int, w: int, margin: int, kernel: np.ndarray, *, out: np.ndarray) -> None:
    """Write the blurred rectangle inside the margins of an h x w patch, in 0 to 1."""
    rows, columns = within_margin(h, margin), within_margin(w, margin)
    np.multiply.outer(kernel[:h, rows].sum(1), kernel[:w, columns].sum(1), out=out)


def soft_ellipse(h: int, w: int, margin: int, kernel: np.ndarray, *, out: np.ndarray) -> None:
    """Write the blurred ellipse that touches the margins of an h x w patch, in 0 to 1."""
    rows, columns = within_margin(h, margin), within_margin(w, margin)
    squares = np.add.outer(squared_distance(rows), squared_distance(columns))
    ellipse = (squares <= 1).astype(np.float32)
    np.matmul(kernel[:h, rows] @ ellipse, kernel[columns, :w], out=out)


def within_margin(length: int, margin: int) -> slice:
    """Return the part of a line inside the margins at both ends; at least its middle."""
    margin = min(margin, (length - 1) // 2)
    return slice(margin, length - margin)


def squared_distance(line: slice) -> np.ndarray:
    """Return each pixel's squared distance from the middle of a line, 1 at its ends."""
    half = (line.stop - line.start) / 2
    return (np.arange(0.5 - half, half) / half) ** 2


@lru_cache(maxsize=64)
def blur_matrix(sigma: float, size: int) -> np.ndarray:
    """Return the Gaussian blur of a line as a symmetric matrix, float32 [size, size].

    Its first h rows and columns blur a line of h pixels that is 0 beyond its ends. With a standard
    deviation of 0 it is the identity.
    """
    if sigma == 0:
        return np.eye(size, dtype=np.float32)
    steps = np.arange(size)
    weights = np.exp(-((steps[:, None] - steps) ** 2) / (2 * sigma**2))
    whole = np.arange(-size, size + 1)
    return np.float32(weights / np.exp(-(whole**2) / (2 * sigma**2)).sum())


ANATPASTE = TwoStageMethod(
    info=two_stage_info(
        "anatpaste",
        "classifies originals and soft pastes into the lung field; density of embeddings",
        paper="https://arxiv.org/abs/2205.04282",
    ),
    pastes=(Paste(apply=paste, random_numbers=2 * _TRIES + 11),),
    paste_options=AnatPasteOptions,
    needs_region=True,
)
