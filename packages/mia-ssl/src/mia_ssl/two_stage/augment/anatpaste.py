"""A soft rectangle or ellipse pasted into the lung field only."""

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
from mia_ssl.two_stage.augment.draws import log_uniform, sides, uniform
from mia_ssl.two_stage.augment.jitter import DRAWS as JITTER_DRAWS
from mia_ssl.two_stage.augment.jitter import STRONGEST, Factors, rounded
from mia_ssl.two_stage.augment.lungs import FIELDS
from mia_ssl.two_stage.augment.patches import cut, write
from mia_ssl.two_stage.augment.variant import Canvas, Variant

if TYPE_CHECKING:
    from torch import Tensor

    from mia_ssl.two_stage.augment.lungs import LungFields

# Sizes of a cut that are drawn ahead; the first that is large enough counts.
_TRIES = 8
# Side of the images that pixel sizes of the options are meant for; they scale with the image.
_REFERENCE = 224


@dataclass(frozen=True, kw_only=True)
class Options:
    """Settings of AnatPaste; pixel sizes are those of a 224 x 224 image and scale with the side.

    Attributes:
        area: Least and largest share of the image that the cut has.
        aspect: Least and largest width / height; uniform in the logarithm.
        jitter: Strength of the color jitter, see ``jitter.Factors``.
        alpha: Least and largest opacity of the shape, of 255.
        blur: Least and largest standard deviation, in whole pixels, of the shape's blur.
        margin: Pixels between the cut's border and the shape, so that a blurred shape fades out.
        field: Where to paste: ``"lungs"`` (dark tissue inside a body, for chest radiographs),
            ``"foreground"`` (all that is not black) or ``"image"``.
    """

    area: tuple[float, float] = (0.02, 0.15)
    aspect: tuple[float, float] = (0.3, 3.3)
    jitter: float = 0.1
    alpha: tuple[float, float] = (150, 255)
    blur: tuple[int, int] = (0, 15)
    margin: float = 10
    field: str = "lungs"

    def __post_init__(self) -> None:
        check_pair(self, "area", low=0, high=1)
        check_pair(self, "aspect", low=0.01, high=100)
        check_pair(self, "alpha", low=0, high=255)
        check_pair(self, "blur", low=0, whole=True)
        check_between(0, STRONGEST, jitter=self.jitter)
        check_between(0, _REFERENCE // 4, margin=self.margin)
        check_choice("field", self.field, FIELDS)


@dataclass(frozen=True, kw_only=True)
class Shapes:
    """What was drawn, on the CPU.

    Attributes:
        source: Where each patch is cut.
        target: Where it goes.
        ellipse: Whether the shape is an ellipse, bool [n].
        alpha: Opacity in 0 to 1, [n].
        blur: Standard deviation before it is scaled to the image, whole, [n].
        factors: Of the color jitter.
    """

    source: Boxes
    target: Boxes
    ellipse: Tensor
    alpha: Tensor
    blur: Tensor
    factors: Factors


def draw(u: Tensor, fields: LungFields, height: int, width: int, options: Options) -> Shapes:
    """Draw patches around pixels of the fields; u is [n, DRAWS]."""
    sizes, u = u[:, : 2 * _TRIES], u[:, 2 * _TRIES :]
    h, w = draw_sides(sizes, height, width, options)
    source = corners(u[:, 0:2], h, w, (height, width))
    row, column = fields.pixel(u[:, 2:4])
    top = torch.minimum((row - h // 2).clamp(min=0), height - h)
    left = torch.minimum((column - w // 2).clamp(min=0), width - w)
    least, largest = options.blur
    return Shapes(
        source=Boxes(*source, h, w),
        target=Boxes(top, left, h, w),
        ellipse=u[:, 4] < 0.5,
        alpha=uniform(u[:, 5], *options.alpha) / 255,
        blur=least + integer(u[:, 6], largest - least + 1),
        factors=Factors.draw(u[:, 7:], options.jitter),
    )


def draw_sides(u: Tensor, height: int, width: int, options: Options) -> tuple[Tensor, Tensor]:
    """Sides of the first cut that a shape fits in, the margins taken off; u is [n, 2 tries]."""
    area = uniform(u[:, :_TRIES], *options.area)
    h, w = sides(area, log_uniform(u[:, _TRIES:], *options.aspect), height, width)
    shorter = torch.minimum(h, w)
    fits = shorter > 2 * scaled(options.margin, height, width)
    # The first that fits; where none does, the one that comes closest.
    rank = torch.where(fits, height + width - torch.arange(_TRIES), shorter - height - width)
    chosen = rank.argmax(1, keepdim=True)
    return h.gather(1, chosen)[:, 0], w.gather(1, chosen)[:, 0]


def scaled(pixels: float, height: int, width: int) -> float:
    """A length in a 224 x 224 image as one in this image."""
    return pixels * min(height, width) / _REFERENCE


def opacity(shapes: Shapes, fields: LungFields, options: Options) -> Tensor:
    """Opacity of each pixel of the patches, 0 outside the field: float32 [T] on the CPU."""
    _, height, width = fields.masks.shape
    margin = round(scaled(options.margin, height, width))
    target = Regions(torch.arange(len(fields)), shapes.target)
    out = np.empty(sum(target.sizes), np.float32)
    end = 0
    columns = (shapes.target.height, shapes.target.width, shapes.ellipse, shapes.blur)
    for h, w, is_ellipse, blur in torch.stack(columns, 1).tolist():
        start, end = end, end + h * w
        kernel = blur_matrix(scaled(blur, height, width), max(height, width))
        (soft_ellipse if is_ellipse else soft_rectangle)(
            h, w, margin, kernel, out=out[start:end].reshape(h, w)
        )
    field = target.cut(fields.masks[None].view(torch.uint8))[0]
    return torch.from_numpy(out).mul_(target.spread(shapes.alpha.float())).mul_(field)


def soft_rectangle(h: int, w: int, margin: int, kernel: np.ndarray, *, out: np.ndarray) -> None:
    """The rectangle inside the margins of an h x w patch, blurred: in 0 to 1."""
    y, x = inner(h, margin), inner(w, margin)
    np.multiply.outer(kernel[:h, y].sum(1), kernel[:w, x].sum(1), out=out)


def soft_ellipse(h: int, w: int, margin: int, kernel: np.ndarray, *, out: np.ndarray) -> None:
    """The ellipse that touches the margins of an h x w patch, blurred: in 0 to 1."""
    y, x = inner(h, margin), inner(w, margin)
    ellipse = (np.add.outer(disk(y), disk(x)) <= 1).astype(np.float32)
    np.matmul(kernel[:h, y] @ ellipse, kernel[x, :w], out=out)


def inner(length: int, margin: int) -> slice:
    """What the margins leave of a line; at least its middle."""
    margin = min(margin, (length - 1) // 2)
    return slice(margin, length - margin)


def disk(line: slice) -> np.ndarray:
    """Squared distance of each pixel from the line's middle, 1 at its ends."""
    half = (line.stop - line.start) / 2
    return (np.arange(0.5 - half, half) / half) ** 2


@lru_cache(maxsize=64)
def blur_matrix(sigma: float, size: int) -> np.ndarray:
    """Gaussian blur of a line that is 0 beyond its ends, as a symmetric matrix [size, size].

    Its first h rows and columns are the blur of a line of h pixels. Without blur: the identity.
    """
    if sigma == 0:
        return np.eye(size, dtype=np.float32)
    steps = np.arange(size)
    weights = np.exp(-((steps[:, None] - steps) ** 2) / (2 * sigma**2))
    whole = np.arange(-size, size + 1)
    return np.float32(weights / np.exp(-(whole**2) / (2 * sigma**2)).sum())


def paste(canvas: Canvas, images: Tensor, uniforms: Tensor, options: Options) -> None:
    """See ``variant.Paste``."""
    if canvas.fields is None:
        msg = "anatpaste needs the fields of the images"
        raise ValueError(msg)
    fields = canvas.fields.take(images)
    shapes = draw(uniforms, fields, canvas.height, canvas.width, options)
    jittered = shapes.factors if options.jitter else None
    patch = cut(canvas.sources, Regions(images, shapes.source), jittered)
    target = Regions(images, shapes.target)
    alpha = opacity(shapes, fields, options).to(patch.device)
    blended = cut(canvas.out, target).float().lerp_(patch.float(), alpha)
    write(canvas.out, target, rounded(blended))
    if canvas.label is not None:
        write(canvas.label, target, alpha[None])


ANATPASTE = Variant(draws=2 * _TRIES + 7 + JITTER_DRAWS, paste=paste)
