"""A thin strip of the image, its colors jittered, turned and pasted elsewhere in the image."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from mia_ssl.checks import check_between, check_pair
from mia_ssl.pasting.boxes import Boxes, corners
from mia_ssl.pasting.paste_regions import Regions
from mia_ssl.two_stage.augment.draws import uniform
from mia_ssl.two_stage.augment.jitter import DRAWS as JITTER_DRAWS
from mia_ssl.two_stage.augment.jitter import STRONGEST, Factors
from mia_ssl.two_stage.augment.patches import cut
from mia_ssl.two_stage.augment.variant import Canvas, Variant

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, kw_only=True)
class Options:
    """Settings of the scar.

    Attributes:
        strip_width: Least and largest width in pixels.
        strip_height: Least and largest height in pixels.
        rotation: Least and largest angle in degrees, counterclockwise.
        jitter: Strength of the color jitter, see ``jitter.Factors``.
    """

    strip_width: tuple[float, float] = (2, 16)
    strip_height: tuple[float, float] = (10, 25)
    rotation: tuple[float, float] = (-45, 45)
    jitter: float = 0.1

    def __post_init__(self) -> None:
        check_pair(self, "strip_width", low=1)
        check_pair(self, "strip_height", low=1)
        check_pair(self, "rotation", low=-180, high=180)
        check_between(0, STRONGEST, jitter=self.jitter)

    @property
    def reach(self) -> int:
        """Side of the smallest square that any turned strip fits in."""
        return math.ceil(math.hypot(round(self.strip_width[1]), round(self.strip_height[1]))) + 1


@dataclass(frozen=True, kw_only=True)
class Scars:
    """What was drawn, on the CPU.

    Attributes:
        source: The strips before they are turned.
        target: The boxes around the turned strips.
        angle: Radians, float64 [n].
        factors: Of the color jitter.
    """

    source: Boxes
    target: Boxes
    angle: Tensor
    factors: Factors


def draw(u: Tensor, height: int, width: int, options: Options) -> Scars:
    """Draw strips and where they go; u is [n, DRAWS].

    Raises:
        ValueError: A turned strip might not fit into the image.
    """
    if options.reach > min(height, width):
        msg = (
            f"expected strips that fit into images of {height} x {width} when turned, got "
            f"strip_width={options.strip_width}, strip_height={options.strip_height}"
        )
        raise ValueError(msg)
    w = uniform(u[:, 0], *options.strip_width).round().long()
    h = uniform(u[:, 1], *options.strip_height).round().long()
    source = corners(u[:, 2:4], h, w, (height, width))
    angle = torch.deg2rad(uniform(u[:, 4], *options.rotation))
    turned = turned_sides(h, w, angle)
    target = corners(u[:, 5:7], *turned, (height, width))
    return Scars(
        source=Boxes(*source, h, w),
        target=Boxes(*target, *turned),
        angle=angle,
        factors=Factors.draw(u[:, 7:], options.jitter),
    )


def turned_sides(h: Tensor, w: Tensor, angle: Tensor) -> tuple[Tensor, Tensor]:
    """Height and width of the box around a turned h x w rectangle, as Pillow's ``rotate`` does."""
    cos, sin = angle.cos().abs(), angle.sin().abs()

    def both_ends(length: Tensor, middle: Tensor) -> Tensor:
        # Rounded away from the rectangle at either end; 1e-9 keeps whole numbers whole.
        reach = length / 2 - 1e-9
        return ((middle / 2 + reach).ceil() - (middle / 2 - reach).floor()).long()

    return both_ends(w * sin + h * cos, h), both_ends(w * cos + h * sin, w)


def turn(scars: Scars) -> Tensor:
    """Nearest-neighbour rotation as indices, so that pixels are touched only once.

    Returns:
        For each pixel that is pasted: the patch it is of, its row and its column in the image, and
        the pixel that goes there, counted through all strips; int64 [4, M].
    """
    strip, turned = scars.source, scars.target
    height, width = int(turned.height.max()), int(turned.width.max())
    dy = torch.arange(height) - (turned.height / 2 - 0.5)[:, None]
    dx = torch.arange(width) - (turned.width / 2 - 0.5)[:, None]
    cos, sin = scars.angle.cos()[:, None], scars.angle.sin()[:, None]
    y = ((sin * dx)[:, None, :] + (cos * dy)[:, :, None]).add_((strip.height / 2)[:, None, None])
    x = ((cos * dx)[:, None, :] - (sin * dy)[:, :, None]).add_((strip.width / 2)[:, None, None])
    # Whatever lies outside the box around a turned strip lies outside the strip.
    inside = (y >= 0) & (y < strip.height[:, None, None])
    inside &= (x >= 0) & (x < strip.width[:, None, None])
    place = inside.view(-1).nonzero()[:, 0]
    line, column = place // width, place % width
    patch, row = line // height, line % height
    y, x = (values.view(-1)[place].long() for values in (y, x))
    pixel = (strip.areas.cumsum(0) - strip.areas)[patch] + y * strip.width[patch] + x
    return torch.stack((patch, row + turned.top[patch], column + turned.left[patch], pixel))


def paste(canvas: Canvas, images: Tensor, uniforms: Tensor, options: Options) -> None:
    """See ``variant.Paste``."""
    scars = draw(uniforms, canvas.height, canvas.width, options)
    strips = Regions(images, scars.source)
    pixels = cut(canvas.sources, strips, scars.factors if options.jitter else None)
    patch, row, column, pixel = turn(scars).to(pixels.device)
    image, place = images.to(pixels.device)[patch], row * canvas.width + column
    area = canvas.height * canvas.width
    out, first = canvas.out.view(-1), image * (len(pixels) * area) + place
    for channel, values in enumerate(pixels):
        out[first + channel * area] = values[pixel]
    if canvas.label is not None:
        canvas.label.view(-1)[image * area + place] = 1


SCAR = Variant(draws=7 + JITTER_DRAWS, paste=paste)
